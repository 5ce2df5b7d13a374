//! Classifies what a sensor sees, as it sees it, and talks to a host.

use core::convert::Infallible;

use embassy_futures::select::{Either, select};
use embassy_time::{Delay, Duration, Ticker, Timer, with_timeout};
use embedded_hal::i2c::I2c;
use embedded_io_async::{Read, Write};
use embedded_storage::nor_flash::NorFlash;
use hadamrnn_device::descriptor::Descriptor;
use hadamrnn_device::imu::SampleSource;
use hadamrnn_device::link::{Action, Server};
use hadamrnn_device::slots::{Accept, MappedFlash};
use hadamrnn_device::stream::WindowStream;
use hadamrnn_runtime::Room;

use crate::Failure;
use crate::app::{App, Booted};
use crate::flash::SlotFlash;
use crate::imu::{Error, Imu};
use crate::outbox::Outbox;

/// The peripherals that a board hands over to the program.
pub struct Parts<F, I, R, W> {
    /// Flash with the slots.
    pub flash: SlotFlash<F>,
    /// I2C bus of the motion sensor.
    pub i2c: I,
    /// Bytes from the host. A read can be cancelled without loss.
    pub rx: R,
    /// Transmitter to the host.
    pub tx: W,
    /// Restarts the board.
    pub reset: fn() -> !,
}

/// How long a host that does not take its frames may hold up sampling.
const PATIENCE: Duration = Duration::from_millis(25);
/// Time from one try to find a sensor to the next.
const RETRY: Duration = Duration::from_secs(1);

impl<R: Room, const SESSIONS: usize> App<R, SESSIONS> {
    /// Samples at the firmware's rate, sleeping in between, logs a class every hop, and serves the host. While there is no
    /// sensor, it looks for one.
    ///
    /// # Errors
    /// The firmware is not in order: its model or its memory map.
    pub async fn stream<F: NorFlash, I: I2c, X: Read, W: Write>(
        &self,
        parts: Parts<F, I, X, W>,
    ) -> Result<Infallible, Failure> {
        let Parts {
            flash,
            mut i2c,
            rx,
            tx,
            reset,
        } = parts;
        let Booted {
            slots,
            running,
            bytes,
            model,
        } = self.boot(flash)?;
        let Descriptor { window, .. } = self.firmware;
        let sensor = self.firmware.sensor();
        let start =
            || WindowStream::<R, SESSIONS>::of_sensor(&model, running.timing(), window, sensor);
        let mut windows = start()?;
        let server = Server::new(
            slots,
            self.firmware,
            running,
            bytes,
            &model,
            windows.timing(),
        );
        let mut host = Host {
            server,
            rx,
            tx,
            reset,
            outbox: Outbox::default(),
        };
        let mut ticker = Ticker::every(Duration::from_hz(self.firmware.rate.into()));
        loop {
            let error = match Imu::start(&mut i2c, Delay) {
                Ok(imu) => {
                    defmt::info!("found a sensor: {}", imu.kind());
                    // Anew each time: no window has a gap in it.
                    windows = start()?;
                    sample(imu, &mut windows, &mut host, &mut ticker).await?
                }
                Err(error) => error,
            };
            defmt::warn!("no samples: {}", error);
            host.serve_until(Timer::after(RETRY)).await;
        }
    }
}

/// Samples until the sensor fails, and gives its error.
async fn sample<
    'm,
    F: MappedFlash,
    A: Accept,
    X: Read,
    W: Write,
    R: Room,
    const SESSIONS: usize,
>(
    mut source: impl SampleSource<Error = Error>,
    windows: &mut WindowStream<'m, R, SESSIONS>,
    host: &mut Host<'_, F, A, X, W>,
    ticker: &mut Ticker,
) -> Result<Error, Failure> {
    ticker.reset();
    loop {
        host.serve_until(ticker.next()).await;
        let sample = match source.poll() {
            Ok(Some(sample)) => sample,
            Ok(None) => continue,
            Err(error) => return Ok(error),
        };
        host.server.tell_sample(&sample, &mut host.outbox);
        if let Some(answer) = windows.push(&sample)? {
            defmt::info!("window {}: class {}", answer.index, answer.class);
            if let Some(action) = host.server.tell_class(&answer, &mut host.outbox) {
                host.act(action).await;
            }
        }
        host.send().await;
    }
}

/// The link to the host.
struct Host<'a, F, A, R, W> {
    server: Server<'a, F, A>,
    rx: R,
    tx: W,
    reset: fn() -> !,
    outbox: Outbox,
}

impl<F: MappedFlash, A: Accept, R: Read, W: Write> Host<'_, F, A, R, W> {
    /// Sleeps until `end`, and answers what arrives meanwhile.
    async fn serve_until(&mut self, end: impl Future<Output = ()>) {
        let mut end = core::pin::pin!(end);
        let mut bytes = [0; 64];
        loop {
            match select(&mut end, self.rx.read(&mut bytes)).await {
                Either::First(()) => return,
                Either::Second(Ok(count)) if count > 0 => {
                    self.receive(bytes.get(..count).unwrap_or_default()).await;
                }
                // A line that is noisy, or unplugged: nothing to be read for now.
                Either::Second(_) => return end.await,
            }
        }
    }

    async fn receive(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let action = self.server.receive(*byte, &mut self.outbox);
            self.send().await;
            if let Some(action) = action {
                self.act(action).await;
            }
        }
    }

    /// Restarts the board, after its messages have left.
    async fn act(&mut self, action: Action) -> ! {
        self.send().await;
        Timer::after(PATIENCE).await;
        if action == Action::Undo {
            // The model may be erased now: nothing reads it before the restart.
            let _ = self.server.undo();
        }
        (self.reset)()
    }

    /// Sends what is in the outbox. What the host does not take in time is lost; it asks again.
    async fn send(&mut self) {
        if !self.outbox.bytes().is_empty() {
            let _ = with_timeout(PATIENCE, async {
                self.tx.write_all(self.outbox.bytes()).await?;
                self.tx.flush().await
            })
            .await;
            self.outbox.clear();
        }
    }
}
