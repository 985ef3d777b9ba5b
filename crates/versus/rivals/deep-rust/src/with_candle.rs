//! The networks in candle, on the CPU.

use crate::{CLASSES, HIDDEN, LEARNING_RATE, MOMENTUM, Plan, Task, noise};
use candle_core::{DType, Device, Module, ModuleT, Result, Tensor, Var};
use candle_nn::{BatchNorm, Conv2d, Conv2dConfig, Linear, VarBuilder, VarMap};

struct Block {
    convolution: Conv2d,
    norm: Option<BatchNorm>,
}

struct Net {
    stages: Vec<Vec<Block>>,
    hidden: Linear,
    output: Linear,
    numbers: VarMap,
}

impl Net {
    fn new(plan: &Plan) -> Result<Self> {
        let numbers = VarMap::new();
        let vb = VarBuilder::from_varmap(&numbers, DType::F32, &Device::Cpu);
        let (mut channels, mut stages) = (plan.channels, Vec::new());
        for (index, maps) in plan.stages.iter().enumerate() {
            let mut stage = Vec::new();
            for (place, &maps) in maps.iter().enumerate() {
                let vb = vb.pp(format!("{index}.{place}"));
                let config = Conv2dConfig { padding: plan.kernel / 2, ..Default::default() };
                let new =
                    if plan.normalised { candle_nn::conv2d_no_bias } else { candle_nn::conv2d };
                let convolution = new(channels, maps, plan.kernel, config, vb.pp("conv"))?;
                let norm = || candle_nn::batch_norm(maps, 1e-5, vb.pp("norm"));
                let norm = plan.normalised.then(norm).transpose()?;
                stage.push(Block { convolution, norm });
                channels = maps;
            }
            stages.push(stage);
        }
        let hidden = candle_nn::linear(plan.flattened(), HIDDEN, vb.pp("hidden"))?;
        let output = candle_nn::linear(HIDDEN, CLASSES, vb.pp("output"))?;
        let net = Self { stages, hidden, output, numbers };
        net.draw_weights()?;
        Ok(net)
    }

    /// candle's own numbers for the CPU cannot be seeded.
    fn draw_weights(&self) -> Result<()> {
        for var in self.vars().into_iter().filter(|var| var.rank() > 1) {
            let fan_in = var.elem_count() / var.dim(0)?;
            let weights = noise(var.elem_count(), (2.0 / fan_in as f32).sqrt());
            var.set(&Tensor::from_vec(weights, var.shape(), &Device::Cpu)?)?;
        }
        Ok(())
    }

    /// All numbers, in the order of their names.
    fn vars(&self) -> Vec<Var> {
        let data = self.numbers.data().lock().expect("no thread has panicked");
        let mut named: Vec<_> = data.iter().collect();
        named.sort_by_key(|(name, _)| name.as_str());
        named.into_iter().map(|(_, var)| var.clone()).collect()
    }

    fn forward(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        let mut x = x.clone();
        for stage in &self.stages {
            for Block { convolution, norm } in stage {
                x = convolution.forward(&x)?;
                if let Some(norm) = norm {
                    x = norm.forward_t(&x, train)?;
                }
                x = x.relu()?;
            }
            x = x.max_pool2d(2)?;
        }
        self.output.forward(&self.hidden.forward(&x.flatten_from(1)?)?.relu()?)
    }

    fn weights(&self) -> Vec<f32> {
        let numbers = |var: Var| var.flatten_all().and_then(|all| all.to_vec1::<f32>());
        let all = self.vars().into_iter().map(numbers).collect::<Result<Vec<_>>>();
        all.expect("numbers of 32 bits").concat()
    }
}

fn inputs(plan: &Plan, batch: usize) -> Result<Tensor> {
    let shape = (batch, plan.channels, plan.side, plan.side);
    Tensor::from_vec(plan.inputs(batch), shape, &Device::Cpu)
}

pub(super) struct Train {
    net: Net,
    /// candle has no momentum: what is kept of earlier gradients, of each variable.
    velocities: Vec<Option<Tensor>>,
    vars: Vec<Var>,
    inputs: Tensor,
    labels: Tensor,
}

impl Train {
    pub(super) fn new(plan: &Plan, batch: usize) -> Result<Self> {
        let net = Net::new(plan)?;
        let labels: Vec<u32> = (0..batch).map(|row| (row % CLASSES) as u32).collect();
        let vars = net.vars();
        let velocities = vec![None; vars.len()];
        let labels = Tensor::from_vec(labels, batch, &Device::Cpu)?;
        Ok(Self { net, velocities, vars, inputs: inputs(plan, batch)?, labels })
    }

    fn step(&mut self) -> Result<f32> {
        let outputs = self.net.forward(&self.inputs, true)?;
        let loss = candle_nn::loss::cross_entropy(&outputs, &self.labels)?;
        let gradients = loss.backward()?;
        for (var, velocity) in self.vars.iter().zip(&mut self.velocities) {
            // Running means have no gradient.
            let Some(gradient) = gradients.get(var) else { continue };
            let new = match velocity.take() {
                Some(old) => ((old * MOMENTUM)? + gradient)?,
                None => gradient.clone(),
            };
            var.set(&var.sub(&(&new * LEARNING_RATE)?)?)?;
            *velocity = Some(new);
        }
        loss.to_scalar()
    }
}

impl Task for Train {
    fn run(&mut self) {
        assert!(self.step().expect("shapes fit").is_finite());
    }

    fn weights(&self) -> Vec<f32> {
        self.net.weights()
    }
}

pub(super) struct Infer {
    net: Net,
    inputs: Tensor,
}

impl Infer {
    pub(super) fn new(plan: &Plan, batch: usize) -> Result<Self> {
        Ok(Self { net: Net::new(plan)?, inputs: inputs(plan, batch)? })
    }
}

impl Task for Infer {
    fn run(&mut self) {
        let outputs = self.net.forward(&self.inputs, false).expect("shapes fit");
        assert!(outputs.to_vec2::<f32>().is_ok_and(|scores| !scores.is_empty()));
    }

    fn weights(&self) -> Vec<f32> {
        self.net.weights()
    }
}
