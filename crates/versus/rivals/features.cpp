// Times dlib and VLFeat. One request per line on stdin, one answer per line on stdout.
//
// Request: WORK IMAGE CELL THREADS LOOPS. Answer: seconds for LOOPS repetitions, on one thread.
// Arguments: files NAME_COUNTxHEIGHTxWIDTH.raw with the images as raw bytes.
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

static Stack read(const std::string& file) {
    Stack stack;
    const std::string shape = file.substr(file.rfind('_') + 1);
    if (std::sscanf(shape.c_str(), "%ldx%ldx%ld.raw", &stack.count, &stack.height, &stack.width) != 3)
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

static void dlib_fhog(const Stack& stack, int cell) {
    dlib::array2d<dlib::matrix<float, 31, 1>> hog;
    for (const auto& image : stack.bytes) dlib::extract_fhog_features(image, hog, cell);
}

static void vlfeat_hog(const Stack& stack, int cell) {
    std::vector<float> features;
    VlHog* hog = vl_hog_new(VlHogVariantUoctti, 9, 0);
    for (const auto& image : stack.floats) {
        vl_hog_put_image(hog, image.data(), stack.width, stack.height, 1, cell);
        features.resize(vl_hog_get_width(hog) * vl_hog_get_height(hog) * vl_hog_get_dimension(hog));
        vl_hog_extract(hog, features.data());
    }
    vl_hog_delete(hog);
}

int main(int argc, char** argv) {
    std::map<std::string, Stack> stacks;
    for (int i = 1; i < argc; i++) {
        const std::string file = argv[i];
        const auto start = file.rfind('/') + 1;
        stacks[file.substr(start, file.rfind('_') - start)] = read(file);
    }
    std::printf("dlib %d.%d vlfeat 0.9\n", DLIB_MAJOR_VERSION, DLIB_MINOR_VERSION);
    std::fflush(stdout);
    std::string work, name;
    int cell, threads, loops;
    while (std::cin >> work >> name >> cell >> threads >> loops) {
        const Stack& stack = stacks.at(name);
        const auto run = work == "dlib-fhog" ? dlib_fhog : vlfeat_hog;
        const auto start = std::chrono::steady_clock::now();
        for (int i = 0; i < loops; i++) run(stack, cell);
        const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
        std::printf("%.9f\n", spent.count());
        std::fflush(stdout);
    }
}
