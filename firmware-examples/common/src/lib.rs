//! What HadamRNN firmware and its host tools share.
//!
//! `no_std` and without allocation, except [`boards`] and [`configure`], which need the `registry` feature and `std`.
#![cfg_attr(not(any(test, feature = "registry")), no_std)]

#[cfg(feature = "registry")]
pub mod boards;
#[cfg(feature = "registry")]
pub mod configure;
pub mod count;
pub mod descriptor;
pub mod imu;
pub mod link;
pub mod report;
pub mod slots;
#[cfg(any(target_arch = "arm", target_arch = "riscv32"))]
pub mod stack;
pub mod stream;
pub mod windows;

/// The CRC-32 of slots, link and descriptor: that of Ethernet and zip, as in the model format.
pub static CRC32: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
