//! Where a board's serial link is: a serial device, or a socket of an emulator or a bridge.

use std::fmt;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};

/// How long a read waits for a byte: short, as timeouts of the protocol are counted in these.
const READ_WAIT: Duration = Duration::from_millis(20);

/// An open link. A read that finds nothing for a while ends with [`ErrorKind::TimedOut`] or
/// [`ErrorKind::WouldBlock`].
pub trait Wire: Read + Write + Send {}

impl<T: Read + Write + Send> Wire for T {}

/// The name of a link on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A serial device, such as `/dev/ttyACM0` or `COM3`.
    Serial(String),
    /// `tcp:HOST:PORT`.
    Tcp(String),
    /// `unix:PATH`.
    Unix(PathBuf),
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("tcp", rest)) if rest.rsplit_once(':').is_some() => Ok(Self::Tcp(rest.into())),
            Some(("tcp", _)) => Err("a TCP port is written tcp:HOST:PORT".into()),
            Some(("unix", path)) if !path.is_empty() => Ok(Self::Unix(path.into())),
            Some(("unix", _)) => Err("a socket is written unix:PATH".into()),
            _ if text.is_empty() => Err("no port is named".into()),
            _ => Ok(Self::Serial(text.into())),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Serial(path) => f.write_str(path),
            Self::Tcp(address) => write!(f, "tcp:{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl Address {
    /// Opens the link; `baud` is for serial devices.
    ///
    /// # Errors
    /// It does not exist, is in use, or may not be opened; the message has a remedy.
    pub fn open(&self, baud: u32) -> Result<Box<dyn Wire>> {
        match self {
            Self::Serial(path) => open_serial(path, baud),
            Self::Tcp(address) => {
                let stream = TcpStream::connect(address)
                    .with_context(|| format!("nothing listens at {self}"))?;
                stream.set_read_timeout(Some(READ_WAIT))?;
                // A request is one small packet that the other end waits for.
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
            Self::Unix(path) => {
                let stream = UnixStream::connect(path)
                    .with_context(|| format!("nothing listens at {self}"))?;
                stream.set_read_timeout(Some(READ_WAIT))?;
                Ok(Box::new(stream))
            }
        }
    }
}

fn open_serial(path: &str, baud: u32) -> Result<Box<dyn Wire>> {
    let port = serialport::new(path, baud)
        .timeout(READ_WAIT)
        // USB serial ports of firmware send nothing before a terminal is ready.
        .dtr_on_open(true)
        .open();
    let error = match port {
        Ok(port) => return Ok(Box::new(port)),
        Err(error) => error,
    };
    match error.kind() {
        serialport::ErrorKind::Io(ErrorKind::PermissionDenied) => bail!(
            "you may not open {path}: join the group that owns it (`ls -l {path}` shows it, often dialout: \
             `sudo usermod -aG dialout $USER`, then log in again)"
        ),
        serialport::ErrorKind::NoDevice | serialport::ErrorKind::Io(ErrorKind::NotFound) => {
            Err(anyhow!("there is no serial port {path}; {}", known_ports()))
        }
        _ => {
            Err(error).with_context(|| format!("cannot open {path}; does another program use it?"))
        }
    }
}

/// The serial ports there are, for an error message.
fn known_ports() -> String {
    let ports = serialport::available_ports().unwrap_or_default();
    if ports.is_empty() {
        return "this machine has none: is the board plugged in?".into();
    }
    let names: Vec<_> = ports.into_iter().map(|port| port.port_name).collect();
    format!("there are {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let unix = Address::Unix("/tmp/a.sock".into());
        for (text, address) in [
            ("/dev/ttyACM0", Address::Serial("/dev/ttyACM0".into())),
            ("COM3", Address::Serial("COM3".into())),
            ("tcp:localhost:4000", Address::Tcp("localhost:4000".into())),
            ("unix:/tmp/a.sock", unix),
        ] {
            assert_eq!(text.parse(), Ok(address.clone()));
            assert_eq!(address.to_string(), text);
        }
        for text in ["", "tcp:4000", "unix:"] {
            assert!(text.parse::<Address>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_missing_port_is_named_with_a_remedy() {
        let open = |text: &str| {
            let address: Address = text.parse().unwrap();
            format!(
                "{:#}",
                address.open(115_200).err().expect("nothing is there")
            )
        };
        let error = open("/dev/no-such-port");
        assert!(error.contains("/dev/no-such-port"), "{error}");
        let error = open("unix:/no/such.sock");
        assert!(
            error.contains("nothing listens at unix:/no/such.sock"),
            "{error}"
        );
    }
}
