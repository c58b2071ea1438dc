//! Memory of this process and of the machine, where the system says.

/// The peak memory of this process in bytes; `None` if the system does not say.
pub fn peak_resident_bytes() -> Option<u64> {
    peak_of(&std::fs::read_to_string("/proc/self/status").ok()?)
}

/// The memory of this process as it is now, in bytes; `None` if the system does not say.
pub(crate) fn resident_bytes() -> Option<u64> {
    bytes_of(&std::fs::read_to_string("/proc/self/status").ok()?, "VmRSS:")
}

/// The memory of the machine that can be had without swapping, in bytes; `None` if the system does not say.
pub(crate) fn available_bytes() -> Option<u64> {
    bytes_of(&std::fs::read_to_string("/proc/meminfo").ok()?, "MemAvailable:")
}

/// The peak of Linux's `/proc/PID/status`, whose line is `VmHWM:     1234 kB`.
fn peak_of(status: &str) -> Option<u64> {
    bytes_of(status, "VmHWM:")
}

/// The bytes of a line of Linux's `/proc`.
fn bytes_of(lines: &str, name: &str) -> Option<u64> {
    let line = lines.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(1024 * kibibytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read_from_its_line() {
        let status = "Name:\tany2any\nVmPeak:\t  9000 kB\nVmHWM:\t    1234 kB\nVmRSS:\t    1000 kB\n";
        assert_eq!(peak_of(status), Some(1_263_616));
        assert_eq!(peak_of("Name:\tany2any\n"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn memory_that_was_touched_counts() {
        let touched = std::hint::black_box(vec![1_u8; 1 << 24]);
        let peak = peak_resident_bytes().expect("Linux says");
        assert!(peak > touched.len() as u64, "{peak} bytes");
    }
}
