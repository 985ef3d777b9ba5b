//! How often a step of training asks for memory. A program of its own, for it counts every request.

#![allow(unsafe_code)] // an allocator cannot be written without

use base::{Images, Labels, Seed, Simd};
use deep::{
    Cnn, CnnParams, Network, NetworkSpec, Objective, Optimiser, OptimiserParams, Shape, Target,
    Workspace,
};
use ndarray::Array4;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, which counts what it is asked for.
struct Counting;

thread_local! {
    /// Requests of this thread.
    static REQUESTS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call is passed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        REQUESTS.set(REQUESTS.get() + 1);
        // SAFETY: the caller's promise is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is the same.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// What `work` does on a pool of one thread, which does all of it.
fn on_one_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    pool.install(work)
}

/// Requests in each of the steps 3 to 6 of a training on batches of `n` images of `input`.
fn requests_per_step(name: &str, input: Shape, n: usize) -> [usize; 4] {
    on_one_thread(|| {
        let spec = NetworkSpec::named(name).unwrap();
        let mut network = Network::<f32>::new(&spec, input, 10, Seed(1)).unwrap();
        let mut workspace = Workspace::new(network.chain(), n);
        let mut optimiser = Optimiser::new(&OptimiserParams::default(), 0.01).unwrap();
        let truth: Vec<usize> = (0..n).map(|row| row % 10).collect();
        let mut step = |number: u64| {
            for (index, x) in workspace.inputs().iter_mut().enumerate() {
                *x = (index % 17) as f32 / 17.0;
            }
            network.chain_mut().reseed(Seed(number));
            let target = Target::Classes(&truth);
            let loss = network.learn(&mut workspace, target, Objective::default());
            network.descend(&mut optimiser, 1e-3);
            assert!(loss.sum.is_finite());
        };
        (1..3).for_each(&mut step);
        [3, 4, 5, 6].map(|number| {
            let before = REQUESTS.get();
            step(number);
            REQUESTS.get() - before
        })
    })
}

const GREY: Shape = Shape { channels: 1, height: 28, width: 28 };
const COLOUR: Shape = Shape { channels: 3, height: 32, width: 32 };
/// Three pieces of work.
const IMAGES: usize = 40;
/// Most that the `gemm` crate asks for in a product of matrices; how much depends on the processor.
const OF_PRODUCT: usize = 2;

/// Products of matrices in a step: an affine layer makes one per piece each way, and one per 32
/// outputs for its weights.
fn products(pieces: usize, outputs: &[usize]) -> usize {
    outputs.iter().map(|outputs| 2 * pieces + outputs.div_ceil(32)).sum()
}

fn check(name: &str, input: Shape, most: usize) {
    let requests = requests_per_step(name, input, IMAGES);
    assert!(requests.iter().all(|&requests| requests <= most), "{requests:?}, not {most}");
}

/// No request but those of the products.
#[test]
fn a_step_of_a_perceptron_with_dropout() {
    check("mlp", GREY, OF_PRODUCT * products(3, &[256, 128, 10]));
}

/// As above; without the direct kernels there are products per image.
#[test]
fn a_step_of_a_convolutional_network() {
    if Simd::best() > Simd::Portable || cfg!(target_arch = "aarch64") {
        check("lenet", GREY, OF_PRODUCT * products(3, &[120, 84, 10]));
        check("vgg-small", COLOUR, OF_PRODUCT * products(3, &[128, 10]));
    }
}

/// An epoch of twice as many steps asks for as much more as the steps alone do.
#[test]
fn the_training_loop_around_the_steps() {
    let pixels = Array4::from_shape_fn((64, 28, 28, 1), |(row, y, x, _)| (row * y + 9 * x) as u8);
    let names: Vec<String> = (0..10).map(|class| class.to_string()).collect();
    let labels = Labels::new((0..64).map(|row| row % 10).collect(), &names).unwrap();
    let images = Images::new(pixels).unwrap();
    let third_epoch = |batch_size| {
        let params = CnnParams {
            network: Some("mlp".into()),
            batch_size,
            clip_norm: Some(0.1),
            validation_share: 0.0,
            ..CnnParams::default()
        };
        let cnn = Cnn::new(&params).unwrap();
        on_one_thread(|| {
            let mut training = cnn.start(&images, &labels, Seed(1)).unwrap();
            (0..2).for_each(|_| _ = training.next_epoch().unwrap());
            let before = REQUESTS.get();
            training.next_epoch().unwrap();
            REQUESTS.get() - before
        })
    };
    let of_step = |n| requests_per_step("mlp", GREY, n)[0];
    let (short, long) = (third_epoch(8), third_epoch(16));
    assert_eq!(short - long, 8 * of_step(8) - 4 * of_step(16), "{short} {long}");
}
