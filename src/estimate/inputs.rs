//! What is known about a deployment package before it is deployed.

use super::coefficient::PackageKind;
use super::error::EstimateError;
use crate::elf::Architecture;
use crate::units::{ByteSize, Millis};

/// The size of what Lambda downloads: the zip, or the compressed layers of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ZippedSize {
    /// The size of the file that is deployed.
    Known(ByteSize),
    /// There is no such file yet; the caller compressed the content, or guessed. The estimate says so.
    Assumed(ByteSize),
}

impl ZippedSize {
    /// The size, however it is known.
    #[must_use]
    pub const fn size(self) -> ByteSize {
        match self {
            Self::Known(size) | Self::Assumed(size) => size,
        }
    }
}

/// What [`predict`](super::predict) asks about a package. Sizes that were not given are 0, except touched memory,
/// which is then guessed from the loaded bytes.
///
/// ```
/// use lambda_slim::elf::Architecture;
/// use lambda_slim::estimate::{Inputs, Model, PackageKind, ZippedSize, predict};
/// use lambda_slim::units::ByteSize;
///
/// let zip = ZippedSize::Known(ByteSize::new(382_000));
/// let hello = Inputs::new(PackageKind::Zip, Architecture::X86_64, 128)?
///     .with_zip(zip)
///     .with_unzipped(ByteSize::new(770_000))
///     .with_loaded(ByteSize::new(765_000))
///     .with_touched(ByteSize::new(840_000));
/// let estimate = predict(&hello, &Model::prior());
/// assert_eq!(estimate.init_ms.p50.round(), 16.0);
/// # Ok::<(), lambda_slim::estimate::EstimateError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Inputs {
    pub(super) package: PackageKind,
    pub(super) architecture: Architecture,
    pub(super) memory_mb: u32,
    pub(super) zip: ZippedSize,
    pub(super) unzipped: ByteSize,
    pub(super) loaded: ByteSize,
    pub(super) bundled_libraries: ByteSize,
    pub(super) touched: Option<ByteSize>,
    pub(super) first_call_cpu: Option<Millis>,
}

impl Inputs {
    /// Smallest memory setting, in MB. Source: AWS Lambda quotas page, read 2026-11-23.
    pub const MEMORY_MIN_MB: u32 = 128;
    /// Largest memory setting, in MB. Source: AWS Lambda quotas page, read 2026-11-23.
    pub const MEMORY_MAX_MB: u32 = 10_240;

    /// An empty package for a function with `memory_mb` MB of memory.
    ///
    /// # Errors
    /// Where Lambda has no such memory setting.
    pub fn new(package: PackageKind, architecture: Architecture, memory_mb: u32) -> Result<Self, EstimateError> {
        if !(Self::MEMORY_MIN_MB..=Self::MEMORY_MAX_MB).contains(&memory_mb) {
            return Err(EstimateError::MemoryOutOfRange { memory_mb });
        }
        Ok(Self {
            package,
            architecture,
            memory_mb,
            zip: ZippedSize::Known(ByteSize::ZERO),
            unzipped: ByteSize::ZERO,
            loaded: ByteSize::ZERO,
            bundled_libraries: ByteSize::ZERO,
            touched: None,
            first_call_cpu: None,
        })
    }

    /// The same package at another memory setting.
    ///
    /// # Errors
    /// Where Lambda has no such memory setting.
    pub fn with_memory(self, memory_mb: u32) -> Result<Self, EstimateError> {
        Self::new(self.package, self.architecture, memory_mb).map(|_| Self { memory_mb, ..self })
    }

    /// Sets what Lambda downloads: the zip, or the compressed layers of an image.
    #[must_use]
    pub const fn with_zip(mut self, zip: ZippedSize) -> Self {
        self.zip = zip;
        self
    }

    /// Sets the sum of the sizes of all files of the package.
    #[must_use]
    pub const fn with_unzipped(mut self, unzipped: ByteSize) -> Self {
        self.unzipped = unzipped;
        self
    }

    /// Sets the file bytes of the bootstrap that are mapped into memory (PT_LOAD segments; not symbols, not debug information).
    #[must_use]
    pub const fn with_loaded(mut self, loaded: ByteSize) -> Self {
        self.loaded = loaded;
        self
    }

    /// Sets the sum of the sizes of the shared libraries in the package. They count as loaded.
    #[must_use]
    pub const fn with_bundled_libraries(mut self, libraries: ByteSize) -> Self {
        self.bundled_libraries = libraries;
        self
    }

    /// Sets the measured memory at the end of init: file pages of the package plus anonymous memory.
    #[must_use]
    pub const fn with_touched(mut self, touched: ByteSize) -> Self {
        self.touched = Some(touched);
        self
    }

    /// Sets the measured CPU time of the handler's first call, on the machine where it was measured, not throttled.
    ///
    /// # Errors
    /// Where it is negative or not finite.
    pub fn with_first_call_cpu(mut self, cpu: Millis) -> Result<Self, EstimateError> {
        if !cpu.get().is_finite() || cpu.get() < 0.0 {
            return Err(EstimateError::FirstCallCpu { ms: cpu.get() });
        }
        self.first_call_cpu = Some(cpu);
        Ok(self)
    }

    /// Instruction set of the function.
    #[must_use]
    pub const fn architecture(&self) -> Architecture {
        self.architecture
    }

    /// MB of the bootstrap and its bundled libraries that are mapped.
    pub(super) fn mapped_mb(&self) -> f64 {
        // As floats: two hostile sizes must not overflow.
        self.loaded.megabytes() + self.bundled_libraries.megabytes()
    }
}
