//! Devices: from the experiment's choice of a backend to a device of burn.

use any2any_experiment::spec::{self, Backend};
use burn::tensor::Device;

use crate::error::RunError;

/// The backends that this program was built with, the preferred first.
pub fn available_backends() -> Vec<Backend> {
    let mut backends = Vec::new();
    if cfg!(feature = "cuda") {
        backends.push(Backend::Cuda);
    }
    if cfg!(feature = "tch") {
        backends.extend([Backend::Tch, Backend::TchCuda]);
    }
    if cfg!(feature = "wgpu") {
        backends.push(Backend::Wgpu);
    }
    if cfg!(feature = "flex") {
        backends.push(Backend::Flex);
    }
    backends
}

/// The device that an experiment asks for; also gives the CPU backend its number of threads.
///
/// # Errors
///
/// If this program was built without the backend.
pub fn device(choice: &spec::Device) -> Result<Device, RunError> {
    let available = available_backends();
    let wanted = match choice.backend {
        Backend::Auto => available.first().copied().unwrap_or(Backend::Flex),
        backend => backend,
    };
    limit_threads(choice);
    open(wanted, choice.index).ok_or_else(|| RunError::Backend {
        wanted: name(wanted).to_owned(),
        available: available.into_iter().map(name).collect::<Vec<_>>().join(", "),
    })
}

/// True for the CPU in this program's own memory.
pub fn is_flex(device: &Device) -> bool {
    #[cfg(feature = "flex")]
    return *device == Device::flex();
    #[cfg(not(feature = "flex"))]
    {
        let _ = device;
        false
    }
}

/// Starts as many threads as an experiment asks for. To be called before anything else runs in parallel: threads that
/// have started stay as many as they are.
pub fn limit_threads(choice: &spec::Device) {
    if choice.threads > 0 {
        // In a second call the pool exists already, and the first choice stays.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(choice.threads).build_global();
    }
}

/// The name of a backend in the YAML and in Cargo's features.
pub fn name(backend: Backend) -> &'static str {
    match backend {
        Backend::Auto => "auto",
        Backend::Flex => "flex",
        Backend::Tch => "tch",
        Backend::TchCuda => "tch_cuda",
        Backend::Wgpu => "wgpu",
        Backend::Cuda => "cuda",
    }
}

fn open(backend: Backend, index: usize) -> Option<Device> {
    let _ = index; // only read by backends of several devices
    match backend {
        #[cfg(feature = "flex")]
        Backend::Flex => Some(Device::flex()),
        #[cfg(feature = "tch")]
        Backend::Tch => Some(Device::libtorch()),
        #[cfg(feature = "tch")]
        Backend::TchCuda => Some(Device::libtorch_cuda(index)),
        #[cfg(feature = "wgpu")]
        Backend::Wgpu => Some(Device::wgpu(burn::tensor::DeviceKind::DefaultDevice)),
        #[cfg(feature = "cuda")]
        Backend::Cuda => Some(Device::cuda(index)),
        _ => None,
    }
}
