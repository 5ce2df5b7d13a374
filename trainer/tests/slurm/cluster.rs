//! A Slurm cluster of this one machine, in a temporary folder, on loopback alone; it ends when it is dropped.

use std::fmt::Write as _;
use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::common::text;

/// Longest time for an action of the cluster, on a machine that has other work, too.
const LONGEST: Duration = Duration::from_secs(120);

pub struct Cluster {
    folder: tempfile::TempDir,
    daemons: Vec<Child>,
}

impl Cluster {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut cluster = Self {
            folder,
            daemons: Vec::new(),
        };
        cluster.configure();
        let at = |name: &str| cluster.folder.path().join(name).display().to_string();
        let munged = [
            "--foreground".into(),
            format!("--socket={}", at("munge.socket")),
            format!("--key-file={}", at("munge.key")),
            format!("--pid-file={}", at("munge.pid")),
            format!("--log-file={}", at("munge.log")),
            format!("--seed-file={}", at("munge.seed")),
        ];
        cluster.daemon("munged", &munged);
        cluster.until("munged listens", |cluster| {
            cluster.folder.path().join("munge.socket").exists()
        });
        cluster.daemon("slurmctld", &["-D".into()]);
        cluster.daemon("slurmd", &["-D", "-N", "localhost"].map(String::from));
        cluster.until("the node is idle", |cluster| {
            let output = cluster.command("sinfo").args(["-h", "-o", "%T"]).output();
            output.is_ok_and(|output| text(&output.stdout).trim() == "idle")
        });
        cluster
    }

    fn configure(&self) {
        use std::os::unix::fs::PermissionsExt;
        let folder = self.folder.path();
        let set_mode = |path: &Path, mode: u32| {
            let mode = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(path, mode).expect("mode");
        };
        // munged wants others to reach its socket, and its key to be a secret.
        set_mode(folder, 0o755);
        let key = folder.join("munge.key");
        let mut secret = [0; 128];
        let mut random = std::fs::File::open("/dev/urandom").expect("random bytes");
        random.read_exact(&mut secret).expect("random bytes");
        std::fs::write(&key, secret).expect("written");
        set_mode(&key, 0o600);
        for name in ["state", "spool"] {
            std::fs::create_dir(folder.join(name)).expect("a folder");
        }
        let user = Command::new("id").arg("-un").output().expect("id").stdout;
        let [controller, node] = free_ports();
        let mut text = String::from(CONFIGURATION);
        for (name, value) in [
            ("SlurmUser", text_of(&user)),
            ("SlurmdUser", text_of(&user)),
            ("SlurmctldPort", controller.to_string()),
            ("SlurmdPort", node.to_string()),
            ("StateSaveLocation", format!("{}/state", folder.display())),
            ("SlurmdSpoolDir", format!("{}/spool", folder.display())),
            (
                "SlurmctldPidFile",
                format!("{}/slurmctld.pid", folder.display()),
            ),
            ("SlurmdPidFile", format!("{}/slurmd.pid", folder.display())),
            (
                "SlurmctldLogFile",
                format!("{}/slurmctld.log", folder.display()),
            ),
            ("SlurmdLogFile", format!("{}/slurmd.log", folder.display())),
            // A job that comes again waits until what it was allowed before has expired.
            (
                "AuthInfo",
                format!("socket={}/munge.socket,cred_expire=5", folder.display()),
            ),
        ] {
            writeln!(text, "{name}={value}").expect("text");
        }
        std::fs::write(folder.join("slurm.conf"), text).expect("written");
    }

    fn daemon(&mut self, program: &str, arguments: &[String]) {
        let log = self.folder.path().join(format!("{program}.out"));
        let log = std::fs::File::create(log).expect("a log");
        let child = self
            .command(program)
            .args(arguments)
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn();
        let remedy = "install what the test needs with firmware-examples/setup.sh --slurm";
        self.daemons
            .push(child.unwrap_or_else(|error| panic!("{program}: {error}: {remedy}")));
    }

    /// A command that talks to this cluster.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        // Where ordinary users find no daemons.
        let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
        command
            .env("PATH", path)
            .env("SLURM_CONF", self.folder.path().join("slurm.conf"))
            .env_remove("HADAMRNN_DATA")
            .stdin(Stdio::null());
        command
    }

    /// Runs a command line and returns what it says.
    pub fn shell(&self, line: &str) -> String {
        let output = self.command("sh").args(["-c", line]).output().expect("sh");
        assert!(output.status.success(), "{line}: {}", told(&output));
        text(&output.stdout)
    }

    /// Waits for `condition`, and fails with the daemons' messages if it does not come.
    pub fn until(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !condition(self) {
            assert!(
                start.elapsed() < LONGEST,
                "not: {what}\n{}",
                self.messages()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// A field of a job, such as `JobState`.
    pub fn field(&self, job: &str, name: &str) -> String {
        let shown = self.shell(&format!("scontrol show job {job}"));
        let fields = shown.split_whitespace();
        let mut values = fields.filter_map(|field| field.strip_prefix(&format!("{name}=")));
        values.next().unwrap_or_default().to_string()
    }

    fn messages(&self) -> String {
        let names = ["munged", "slurmctld", "slurmd"];
        let read = |name: &str| {
            let path = self.folder.path().join(format!("{name}.out"));
            format!(
                "{name}:\n{}",
                std::fs::read_to_string(path).unwrap_or_default()
            )
        };
        names.map(read).concat()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Jobs have processes of their own, which the daemons would leave behind.
        let mut cancel = self.command("scancel");
        let _ = cancel.args(["--full", "--partition=test"]).status();
        let start = Instant::now();
        let is_empty = |output: Output| output.status.success() && output.stdout.is_empty();
        while start.elapsed() < Duration::from_secs(20) {
            let jobs = self.command("squeue").arg("-h").output();
            if jobs.map_or(true, is_empty) {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        for daemon in self.daemons.iter_mut().rev() {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}

fn free_ports() -> [u16; 2] {
    let listen = || TcpListener::bind("127.0.0.1:0").expect("a port");
    [listen(), listen()].map(|listener| listener.local_addr().expect("an address").port())
}

fn text_of(bytes: &[u8]) -> String {
    text(bytes).trim().to_string()
}

fn told(output: &Output) -> String {
    text(&output.stdout) + &text(&output.stderr)
}

/// Two tasks at once of what the emitted script asks for, whatever this machine has.
const CONFIGURATION: &str = "\
ClusterName=test
SlurmctldHost=localhost(127.0.0.1)
NodeName=localhost NodeAddr=127.0.0.1 CPUs=4 RealMemory=8192 State=UNKNOWN
PartitionName=test Nodes=localhost Default=YES MaxTime=INFINITE State=UP
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
AuthType=auth/munge
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SchedulerType=sched/builtin
SchedulerParameters=sched_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=10
";
