//! Prints a firmware report: `cargo run --example show-report -- report.bin`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: show-report REPORT")?;
    let mut stream = std::fs::read(path)?;
    for report in hadamrnn_firmware_support::report::decode(&mut stream) {
        println!("{:?}", report?);
    }
    Ok(())
}
