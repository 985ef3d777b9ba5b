// Times dlib and VLFeat. One request per line on stdin, one answer per line on stdout.
//
// Request: WORK THREADS LOOPS. Answer: seconds for LOOPS repetitions. Both use one thread.
// Arguments: NAME=COUNT,HEIGHT,WIDTH,FILE for each image or stack of images, as raw bytes.
#include <dlib/array2d.h>
#include <dlib/image_transforms.h>
#include <dlib/revision.h>
extern "C" {
#include <vl/hog.h>
}
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

struct Stack {
    long count, height, width;
    std::vector<dlib::array2d<unsigned char>> bytes;
    std::vector<std::vector<float>> floats; // VLFeat takes no bytes
};

static Stack read(const std::string& text) {
    Stack stack;
    char file[4096];
    if (std::sscanf(text.c_str(), "%ld,%ld,%ld,%4095s", &stack.count, &stack.height, &stack.width, file) != 4)
        std::exit(2);
    std::ifstream input(file, std::ios::binary);
    std::vector<char> raw((std::istreambuf_iterator<char>(input)), std::istreambuf_iterator<char>());
    const long size = stack.height * stack.width;
    if ((long)raw.size() != stack.count * size) std::exit(2);
    stack.bytes.resize(stack.count);
    for (long i = 0; i < stack.count; i++) {
        stack.bytes[i].set_size(stack.height, stack.width);
        stack.floats.emplace_back(size);
        for (long p = 0; p < size; p++) {
            const unsigned char value = (unsigned char)raw[i * size + p];
            stack.bytes[i][p / stack.width][p % stack.width] = value;
            stack.floats[i][p] = value;
        }
    }
    return stack;
}

static void dlib_fhog(const Stack& stack) {
    dlib::array2d<dlib::matrix<float, 31, 1>> hog;
    for (const auto& image : stack.bytes) dlib::extract_fhog_features(image, hog, 8);
}

static void vlfeat_hog(const Stack& stack) {
    std::vector<float> features;
    VlHog* hog = vl_hog_new(VlHogVariantUoctti, 9, 0);
    for (const auto& image : stack.floats) {
        vl_hog_put_image(hog, image.data(), stack.width, stack.height, 1, 8);
        features.resize(vl_hog_get_width(hog) * vl_hog_get_height(hog) * vl_hog_get_dimension(hog));
        vl_hog_extract(hog, features.data());
    }
    vl_hog_delete(hog);
}

int main(int argc, char** argv) {
    std::map<std::string, Stack> stacks;
    for (int i = 1; i < argc; i++) {
        const std::string argument = argv[i];
        const auto split = argument.find('=');
        stacks[argument.substr(0, split)] = read(argument.substr(split + 1));
    }
    std::printf("dlib %d.%d vlfeat 0.9\n", DLIB_MAJOR_VERSION, DLIB_MINOR_VERSION);
    std::fflush(stdout);
    std::string work;
    int threads, loops;
    while (std::cin >> work >> threads >> loops) {
        const auto split = work.rfind('-');
        const Stack& stack = stacks.at(work.substr(split + 1));
        const auto run = work.substr(0, split) == "dlib-fhog" ? dlib_fhog : vlfeat_hog;
        const auto start = std::chrono::steady_clock::now();
        for (int i = 0; i < loops; i++) run(stack);
        const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
        std::printf("%.9f\n", spent.count());
        std::fflush(stdout);
    }
}
