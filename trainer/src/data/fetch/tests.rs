//! Downloads from a small server on this machine that misbehaves as told.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::thread::JoinHandle;

use anyhow::bail;

use super::*;
use crate::data::uci_har;

/// Behaviour of the server in one request for `content`.
#[derive(Clone, Copy)]
enum Reply {
    /// Answers as a server with ranges does.
    Ranges,
    /// Answers as a server with ranges does, but hangs up after so many bytes of the body.
    Cut(usize),
    /// Ignores the asked-for range.
    Whole,
    /// Answers a range with another one.
    WrongRange,
    Status(u16),
}

struct Server {
    url: String,
    thread: JoinHandle<Vec<Option<usize>>>,
}

impl Server {
    /// Answers one connection per reply; then reports where each request asked to start.
    fn start(content: &[u8], replies: &[Reply]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/data.zip", listener.local_addr().unwrap());
        let (content, replies) = (content.to_vec(), replies.to_vec());
        let thread = std::thread::spawn(move || {
            let answer = |reply| {
                let (mut stream, _) = listener.accept().unwrap();
                let lines = BufReader::new(stream.try_clone().unwrap())
                    .lines()
                    .map(Result::unwrap);
                let request: Vec<String> = lines
                    .take_while(|line| !line.is_empty())
                    .map(|line| line.to_lowercase())
                    .collect();
                let range = request
                    .iter()
                    .find_map(|line| line.strip_prefix("range: bytes="));
                let start = range.map(|range| range.trim_end_matches('-').parse().unwrap());
                // The client may hang up first.
                let _ = stream.write_all(&respond(&content, start, reply));
                start
            };
            replies.into_iter().map(answer).collect()
        });
        Self { url, thread }
    }

    fn starts(self) -> Vec<Option<usize>> {
        self.thread.join().unwrap()
    }
}

fn respond(content: &[u8], start: Option<usize>, reply: Reply) -> Vec<u8> {
    let total = content.len();
    let head = |status: &str, length: usize, more: String| {
        format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n{more}\r\n")
            .into_bytes()
    };
    let range = |from: usize| format!("content-range: bytes {from}-{}/{total}\r\n", total - 1);
    match (reply, start) {
        (Reply::Status(status), _) => head(&format!("{status} no"), 0, String::new()),
        (Reply::Cut(most), start) => {
            let full = respond(content, start, Reply::Ranges);
            let body = total - start.unwrap_or(0);
            full[..full.len() - body + most].to_vec()
        }
        (Reply::WrongRange, Some(start)) => [
            head("206 part", total - start - 1, range(start + 1)),
            content[start + 1..].to_vec(),
        ]
        .concat(),
        (Reply::Ranges, Some(start)) if start >= total => {
            head("416 no", 0, format!("content-range: bytes */{total}\r\n"))
        }
        (Reply::Ranges, Some(start)) => [
            head("206 part", total - start, range(start)),
            content[start..].to_vec(),
        ]
        .concat(),
        _ => [head("200 ok", total, String::new()), content.to_vec()].concat(),
    }
}

/// A download into a fresh folder, checked against `content`.
struct Case {
    folder: tempfile::TempDir,
    content: Vec<u8>,
}

impl Case {
    fn new() -> Self {
        let content = (0..300_000_u32)
            .map(|i| (i.wrapping_mul(i) >> 7) as u8)
            .collect();
        Self {
            folder: tempfile::tempdir().unwrap(),
            content,
        }
    }

    fn target(&self) -> PathBuf {
        self.folder.path().join("set/data.zip")
    }

    fn part(&self) -> PathBuf {
        self.folder.path().join("set/data.zip.part")
    }

    fn put(&self, path: &Path, bytes: &[u8]) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn run_at(&self, url: &str) -> Result<Progress> {
        let check = |path: &Path| match fs::read(path)? == self.content {
            true => Ok(()),
            false => bail!("wrong bytes"),
        };
        let mut last = Progress {
            done: 0,
            total: None,
        };
        let download = Download {
            url,
            target: &self.target(),
            check: &check,
            wait: Duration::ZERO,
        };
        download.run(&mut |progress| last = progress)?;
        Ok(last)
    }

    /// Runs against a server with `replies`; gives the result and where each request started.
    fn run(&self, replies: &[Reply]) -> (Result<Progress>, Vec<Option<usize>>) {
        let server = Server::start(&self.content, replies);
        let result = self.run_at(&server.url);
        (result, server.starts())
    }

    fn arrived(&self) -> bool {
        !self.part().exists() && fs::read(self.target()).is_ok_and(|bytes| bytes == self.content)
    }
}

#[test]
fn a_plain_download() {
    let case = Case::new();
    let (result, starts) = case.run(&[Reply::Ranges]);
    assert_eq!(
        result.unwrap(),
        Progress {
            done: 300_000,
            total: Some(300_000)
        }
    );
    assert_eq!(starts, [None]);
    assert!(case.arrived());
    // It is not fetched again.
    case.run_at("http://127.0.0.1:1/").unwrap();
}

#[test]
fn what_broke_off_is_resumed() {
    let case = Case::new();
    let (result, starts) = case.run(&[
        Reply::Cut(1000),
        Reply::Cut(0),
        Reply::Status(503),
        Reply::Cut(7),
        Reply::Ranges,
    ]);
    assert_eq!(result.unwrap().done, 300_000);
    assert_eq!(
        starts,
        [None, Some(1000), Some(1000), Some(1000), Some(1007)]
    );
    assert!(case.arrived());
}

#[test]
fn an_earlier_run_is_resumed() {
    for (have, replies) in [
        (299_999, vec![Reply::Ranges]),
        (300_000, vec![Reply::Ranges]),
        (5, vec![Reply::Whole]),
        (5, vec![Reply::WrongRange, Reply::Ranges]),
    ] {
        let case = Case::new();
        case.put(&case.part(), &case.content[..have]);
        case.run(&replies).0.unwrap();
        assert!(case.arrived());
    }
}

#[test]
fn a_part_longer_than_the_file_starts_anew() {
    let case = Case::new();
    case.put(&case.part(), &[case.content.as_slice(), b"more"].concat());
    let (result, starts) = case.run(&[Reply::Ranges, Reply::Ranges]);
    result.unwrap();
    assert_eq!(starts, [Some(300_004), None]);
    assert!(case.arrived());
}

#[test]
fn wrong_content_is_deleted() {
    let case = Case::new();
    let other = vec![7; 5000];
    let server = Server::start(&other, &[Reply::Ranges]);
    let message = format!("{:#}", case.run_at(&server.url).unwrap_err());
    assert!(
        message.contains("not the published content and was deleted"),
        "{message}"
    );
    assert!(message.ends_with("wrong bytes"));
    assert!(!case.part().exists() && !case.target().exists());

    case.put(&case.target(), &other);
    let message = format!("{:#}", case.run_at(&server.url).unwrap_err());
    assert!(message.contains("delete it to fetch it anew"), "{message}");
}

#[test]
fn a_server_that_stays_cut_keeps_the_part() {
    let case = Case::new();
    let (result, starts) = case.run(&[Reply::Cut(40), Reply::Cut(0), Reply::Cut(0), Reply::Cut(0)]);
    let message = format!("{:#}", result.unwrap_err());
    assert!(
        message.contains("3 times in a row; 40 bytes are kept in"),
        "{message}"
    );
    assert_eq!(starts.len(), 4);
    assert_eq!(fs::read(case.part()).unwrap(), case.content[..40]);
}

#[test]
fn not_found_is_final() {
    let case = Case::new();
    let (result, starts) = case.run(&[Reply::Status(404)]);
    assert!(format!("{:#}", result.unwrap_err()).contains("the server answers 404"));
    assert_eq!(starts.len(), 1);
    assert!(!case.part().exists());
}

#[test]
fn without_a_network() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let message = format!(
        "{:#}",
        Case::new().run_at(&format!("http://{port}/x")).unwrap_err()
    );
    assert!(message.contains("failed 3 times in a row"), "{message}");
}

#[test]
fn the_known_sets() {
    let dir = tempfile::tempdir().unwrap();
    let error = |name: &str| format!("{:#}", fetch(name, dir.path(), &mut |_, _| ()).unwrap_err());
    assert!(error("copy").contains("generated"));
    assert!(error("other").contains("no data set is named"));
    // An existing file is checked by its content, and the message says how to get it by hand.
    let target = dir.path().join(catalog::UCI_HAR.parts[0].saved_as);
    fs::create_dir_all(target.parent().unwrap()).unwrap();
    fs::write(&target, uci_har::SAMPLE).unwrap();
    let message = error("uci-har");
    for part in [
        catalog::UCI_HAR.parts[0].url,
        "delete it to fetch it anew",
        "the shipped sample of UCI HAR",
    ] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn ranges_are_read() {
    assert_eq!(content_range("bytes 5-9/10"), (Some(5), Some(10)));
    assert_eq!(content_range("bytes */10"), (None, Some(10)));
    assert_eq!(content_range("bytes 5-9/*"), (Some(5), None));
    for bad in ["", "bytes", "bytes 5", "5-9/10", "bytes x-9/y"] {
        assert_eq!(content_range(bad), (None, None));
    }
}
