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

/// The device that an experiment asks for.
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

/// Does work whose parallel parts run on a number of threads, as `device.threads` of an experiment says; 0 is as many as
/// work beside it has.
///
/// Nothing of the process changes: a library computes in the pool of its caller, and the number of threads decides nothing
/// but the time.
///
/// ```
/// # fn main() -> Result<(), any2any_run::RunError> {
/// let threads = any2any_run::device::with_threads(1, rayon::current_num_threads)?;
/// assert_eq!(threads, 1);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// If the system starts no such number of threads.
pub fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> Result<T, RunError> {
    if threads == 0 {
        return Ok(work());
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| RunError::Threads { threads, reason: error.to_string() })?;
    Ok(pool.install(work))
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
