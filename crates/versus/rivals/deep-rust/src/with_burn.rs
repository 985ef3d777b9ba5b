//! The networks in burn, on its backend for CPUs in Rust.

use crate::{CLASSES, HIDDEN, LEARNING_RATE, MOMENTUM, Plan, Task};
use burn::module::{Module, ModuleVisitor, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::optim::momentum::MomentumConfig;
use burn::optim::{GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Int, Tensor, TensorData};

#[derive(Module, Debug)]
struct Block {
    convolution: Conv2d,
    norm: Option<BatchNorm>,
}

#[derive(Module, Debug)]
struct Net {
    stages: Vec<Vec<Block>>,
    pool: MaxPool2d,
    hidden: Linear,
    output: Linear,
}

impl Net {
    fn new(plan: &Plan, device: &Device) -> Self {
        let mut channels = plan.channels;
        let padding = plan.kernel / 2;
        let mut block = |maps: usize| {
            let convolution = Conv2dConfig::new([channels, maps], [plan.kernel; 2])
                .with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding))
                .with_bias(!plan.normalised)
                .init(device);
            channels = maps;
            let norm = plan.normalised.then(|| BatchNormConfig::new(maps).init(device));
            Block { convolution, norm }
        };
        Self {
            stages: plan
                .stages
                .iter()
                .map(|maps| maps.iter().map(|&m| block(m)).collect())
                .collect(),
            pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
            hidden: LinearConfig::new(plan.flattened(), HIDDEN).init(device),
            output: LinearConfig::new(HIDDEN, CLASSES).init(device),
        }
    }

    fn forward(&self, mut x: Tensor<4>) -> Tensor<2> {
        for stage in &self.stages {
            for Block { convolution, norm } in stage {
                x = convolution.forward(x);
                if let Some(norm) = norm {
                    x = norm.forward(x);
                }
                x = relu(x);
            }
            x = self.pool.forward(x);
        }
        self.output.forward(relu(self.hidden.forward(x.flatten(1, 3))))
    }

    fn weights(&self) -> Vec<f32> {
        let mut numbers = Numbers(Vec::new());
        self.visit(&mut numbers);
        numbers.0
    }
}

struct Numbers(Vec<f32>);

impl ModuleVisitor for Numbers {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let data = param.val().into_data();
        self.0.extend(data.try_to_vec::<f32>().expect("numbers of 32 bits"));
    }
}

fn inputs(plan: &Plan, batch: usize, device: &Device) -> Tensor<4> {
    let shape = [batch, plan.channels, plan.side, plan.side];
    Tensor::from_data(TensorData::new(plan.inputs(batch), shape), device)
}

pub(super) struct Train {
    /// Taken out only while it is being changed.
    net: Option<Net>,
    optimiser: ModuleOptimizer,
    inputs: Tensor<4>,
    labels: Tensor<1, Int>,
    device: Device,
}

impl Train {
    pub(super) fn new(plan: &Plan, batch: usize) -> Self {
        let device = Device::flex().autodiff();
        device.seed(1);
        let labels: Vec<i64> = (0..batch).map(|row| (row % CLASSES) as i64).collect();
        let momentum = MomentumConfig::new().with_momentum(MOMENTUM).with_dampening(0.0);
        Self {
            net: Some(Net::new(plan, &device)),
            optimiser: SgdConfig::new().with_momentum(Some(momentum)).init(),
            inputs: inputs(plan, batch, &device),
            labels: Tensor::from_data(TensorData::new(labels, [batch]), &device),
            device,
        }
    }

    fn net(&self) -> &Net {
        self.net.as_ref().expect("it is put back")
    }
}

impl Task for Train {
    fn run(&mut self) {
        let outputs = self.net().forward(self.inputs.clone());
        let loss = CrossEntropyLossConfig::new().init(&self.device);
        let loss = loss.forward(outputs, self.labels.clone());
        let gradients = GradientsParams::from_grads(loss.backward(), self.net());
        let net = self.net.take().expect("it is put back");
        self.net = Some(self.optimiser.step(LEARNING_RATE, net, gradients));
        assert!(loss.into_scalar::<f32>().is_finite());
    }

    fn weights(&self) -> Vec<f32> {
        self.net().weights()
    }
}

pub(super) struct Infer {
    net: Net,
    inputs: Tensor<4>,
}

impl Infer {
    pub(super) fn new(plan: &Plan, batch: usize) -> Self {
        let device = Device::flex();
        device.seed(1);
        Self { net: Net::new(plan, &device).valid(), inputs: inputs(plan, batch, &device) }
    }
}

impl Task for Infer {
    fn run(&mut self) {
        let outputs = self.net.forward(self.inputs.clone()).into_data();
        assert!(outputs.try_to_vec::<f32>().is_ok_and(|scores| !scores.is_empty()));
    }

    fn weights(&self) -> Vec<f32> {
        self.net.weights()
    }
}
