//! Weights in and out of any Burn module, by the path of each parameter.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData};

use crate::error::{Error, Result};
use crate::read_back::read;
use crate::weights::{Array, Weights};

/// The path of the parameter a visitor or mapper stands at, for example `hidden.0.weight`.
///
/// An enum's variant is not part of the path: which variant it is, is architecture, not a name.
#[derive(Debug, Default)]
pub struct Path(Vec<String>);

impl Path {
    /// To be called from `enter_module`.
    pub fn enter(&mut self, name: &str, container: &str) {
        if !container.starts_with("Enum:") {
            self.0.push(name.to_string());
        }
    }

    /// To be called from `exit_module`.
    pub fn exit(&mut self, container: &str) {
        if !container.starts_with("Enum:") {
            self.0.pop();
        }
    }

    /// The dotted path.
    pub fn dotted(&self) -> String {
        self.0.join(".")
    }
}

/// Copies every float parameter and buffer (running statistics included) to the host.
pub fn weights_of<M: Module>(module: &M) -> Weights {
    struct Reader {
        path: Path,
        weights: Weights,
    }
    impl ModuleVisitor for Reader {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.path.enter(name, container);
        }
        fn exit_module(&mut self, _: &str, container: &str) {
            self.path.exit(container);
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let value = param.val();
            let shape = value.dims().to_vec();
            let array = Array::new(shape, read(value));
            self.weights.insert(self.path.dotted(), array);
        }
    }
    let mut reader = Reader {
        path: Path::default(),
        weights: Weights::new(),
    };
    // `valid` settles running statistics, which `visit` alone would miss.
    module.valid().visit(&mut reader);
    reader.weights
}

/// Puts weights into a module; every parameter must be there with its shape, and nothing else.
pub fn with_weights<M: Module>(module: M, weights: &Weights) -> Result<M> {
    struct Writer<'a> {
        path: Path,
        weights: &'a Weights,
        used: usize,
        problem: Option<Error>,
    }
    impl ModuleMapper for Writer<'_> {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.path.enter(name, container);
        }
        fn exit_module(&mut self, _: &str, container: &str) {
            self.path.exit(container);
        }
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let name = self.path.dotted();
            let shape = param.lazy_shape().to_vec();
            let Some(array) = self.weights.get(&name) else {
                let reason = format!("the weights have no `{name}`");
                self.problem.get_or_insert(Error::input("weights", reason));
                return param;
            };
            self.used += 1;
            if array.shape != shape {
                let reason = format!(
                    "`{name}` has shape {:?} where the model has {shape:?}",
                    array.shape
                );
                self.problem.get_or_insert(Error::input("weights", reason));
                return param;
            }
            let device = param.lazy_device();
            let required = param.is_require_grad();
            let data = TensorData::new(array.values.clone(), array.shape.clone());
            param.map(|_| {
                Tensor::from_data(data, &device).set_require_grad(required && device.is_autodiff())
            })
        }
    }
    let mut writer = Writer {
        path: Path::default(),
        weights,
        used: 0,
        problem: None,
    };
    let module = module.map(&mut writer);
    if let Some(problem) = writer.problem {
        return Err(problem);
    }
    if writer.used != weights.len() {
        let reason = format!(
            "{} arrays where the model has {}",
            weights.len(),
            writer.used
        );
        return Err(Error::input("weights", reason));
    }
    Ok(module)
}
