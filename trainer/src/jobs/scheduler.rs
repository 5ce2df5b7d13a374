//! Handing jobs to a scheduler that is there already.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::{BUSY, Entry, INTERRUPTED, Plan};
use crate::choice::{Choice, words};
use crate::files::write_atomically;

/// A scheduler that can run jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheduler {
    /// A Slurm array, one task a job: `sbatch DIR/jobs.slurm`
    Slurm,
    /// A list of commands for GNU parallel, which also `sh` understands: `parallel < DIR/jobs.txt`
    Parallel,
}

impl Choice for Scheduler {
    const CHOICES: &'static [Self] = &[Self::Slurm, Self::Parallel];
    const KIND: &'static str = "scheduler";

    fn word(self) -> &'static str {
        match self {
            Self::Slurm => "slurm",
            Self::Parallel => "parallel",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Slurm => "A Slurm array, one task a job: `sbatch DIR/jobs.slurm`",
            Self::Parallel => {
                "A list of commands for GNU parallel, which also `sh` understands: `parallel < DIR/jobs.txt`"
            }
        }
    }
}

words!(Scheduler);

/// Tasks of an array, numbered from 1: Slurm's default `MaxArraySize` is one more than the last number.
const LARGEST_ARRAY: usize = 1000;
/// Times that a job comes again before somebody should look at it.
const MOST_RESTARTS: u32 = 100;

impl Scheduler {
    /// Writes the script into `out` and tells the commands that start it. `command` makes a job's command, for a shell,
    /// from its folder.
    ///
    /// # Errors
    /// The plan has no jobs, `command` fails or has a line break, a script cannot hold the name of `out`, or `out` cannot
    /// be written.
    pub fn write(
        self,
        out: &Path,
        plan: &Plan,
        command: impl Fn(&Path) -> Result<String>,
    ) -> Result<Vec<String>> {
        ensure!(!plan.jobs.is_empty(), "there are no jobs to hand over");
        // Jobs start wherever the scheduler likes: every path is absolute.
        let out = std::path::absolute(out).context("no current folder")?;
        let one_line = |entry: &Entry| {
            let command = command(&out.join(&entry.name))?;
            ensure!(
                !command.contains(['\n', '\r']),
                "a list of commands cannot hold a line break, which is in {command:?}"
            );
            Ok(command)
        };
        let commands: Result<Vec<String>> = plan.jobs.iter().map(one_line).collect();
        let commands = commands?;
        match self {
            Self::Slurm => {
                let path = out.join("jobs.slurm");
                write_atomically(&path, slurm(&out, &commands)?.as_bytes())?;
                arrays(&path, commands.len())
            }
            Self::Parallel => {
                let path = out.join("jobs.txt");
                write_atomically(&path, (commands.join("\n") + "\n").as_bytes())?;
                let path = shlex::try_quote(utf8(&path)?)?;
                Ok(vec![format!("parallel --jobs 2 < {path}")])
            }
        }
    }
}

/// The commands that submit the script at `path`: one an array, with the number of jobs before it as an argument.
fn arrays(path: &Path, jobs: usize) -> Result<Vec<String>> {
    let path = shlex::try_quote(utf8(path)?)?;
    if jobs <= LARGEST_ARRAY {
        return Ok(vec![format!("sbatch {path}")]);
    }
    let array = |before: usize| {
        let tasks = (jobs - before).min(LARGEST_ARRAY);
        format!("sbatch --array=1-{tasks} {path} {before}")
    };
    Ok((0..jobs).step_by(LARGEST_ARRAY).map(array).collect())
}

/// An array script. A minute before its time is over, Slurm interrupts a job, which then saves and exits with
/// [`INTERRUPTED`]; the script puts it into the queue again, where it counts as waiting and not as failed. So it does with
/// a job that another process is working on. `srun` is told the processors of a task, which since Slurm 22.05 it does not
/// take from `sbatch`.
fn slurm(out: &Path, commands: &[String]) -> Result<String> {
    let mut script = format!(
        r#"#!/bin/sh
#SBATCH --job-name=hadamrnn
#SBATCH --array=1-{tasks}
#SBATCH --cpus-per-task=2
#SBATCH --mem=4G
#SBATCH --time=04:00:00
#SBATCH --signal=INT@60
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output={log}

# Does a job. One that was interrupted and has saved ({INTERRUPTED}), or that another process is working on ({BUSY}), comes again.
job() {{
    srun --cpus-per-task="${{SLURM_CPUS_PER_TASK:-1}}" "$@"
    code=$?
    case $code in
    {INTERRUPTED} | {BUSY})
        if [ "${{SLURM_RESTART_COUNT:-0}}" -ge {MOST_RESTARTS} ]; then
            echo "started {MOST_RESTARTS} times and not done: submit it again to go on" >&2
        elif scontrol requeue "$SLURM_JOB_ID"; then
            sleep 600 # Slurm ends this script.
        fi
        ;;
    esac
    exit "$code"
}}

# The argument is the number of jobs before this array's.
case $((SLURM_ARRAY_TASK_ID + ${{1:-0}})) in
"#,
        tasks = commands.len().min(LARGEST_ARRAY),
        log = log_pattern(out)?,
    );
    for (i, command) in commands.iter().enumerate() {
        script += &format!("{}) job {command} ;;\n", i + 1);
    }
    script += "*) echo \"submit this script with sbatch\" >&2; exit 2 ;;\nesac\n";
    Ok(script)
}

/// The files of messages, for `#SBATCH`: between quotes a backslash keeps the next character as it is, but in the name
/// itself it would switch `%A` and `%a` off.
fn log_pattern(out: &Path) -> Result<String> {
    let folder = utf8(out)?;
    ensure!(
        !folder.contains('\\') && !folder.contains(char::is_control),
        "Slurm cannot write into {folder:?}, which has a backslash or a control character: give another --out"
    );
    let folder = folder.replace('%', "%%").replace('"', "\\\"");
    Ok(format!("\"{folder}/slurm-%A_%a.log\""))
}

fn utf8(path: &Path) -> Result<&str> {
    path.to_str()
        .with_context(|| format!("{path:?} is not UTF-8, as a script is: give another --out"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(names: impl IntoIterator<Item = String>) -> Plan {
        let entry = |name| Entry {
            name,
            group: String::new(),
            settings: vec![],
        };
        Plan {
            command: "test".into(),
            jobs: names.into_iter().map(entry).collect(),
        }
    }

    fn two() -> Plan {
        plan(["a".into(), "b c".into()])
    }

    fn command(folder: &Path) -> Result<String> {
        Ok(shlex::try_join(["echo", utf8(folder)?])?)
    }

    #[test]
    fn what_a_script_cannot_hold_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        let failure = |scheduler: Scheduler, out: &Path, command: &str| {
            let write = scheduler.write(out, &two(), |_| Ok(command.into()));
            write.unwrap_err().to_string()
        };
        let error = failure(Scheduler::Parallel, out, "echo a\nrm b");
        assert!(error.contains("line break"), "{error}");
        let error = failure(Scheduler::Slurm, &out.join("a\\b"), "echo");
        assert!(error.contains("--out"), "{error}");
        let error = Scheduler::Slurm.write(out, &plan([]), command).unwrap_err();
        assert!(error.to_string().contains("no jobs"), "{error}");
    }

    #[test]
    fn more_jobs_than_an_array_has_are_several_arrays() {
        let folder = tempfile::tempdir().unwrap();
        let write = |count: usize| {
            let plan = plan((0..count).map(|i| format!("job{i}")));
            let start = Scheduler::Slurm.write(folder.path(), &plan, command);
            let script = std::fs::read_to_string(folder.path().join("jobs.slurm")).unwrap();
            let array = script.lines().find(|line| line.contains("--array"));
            (start.unwrap(), array.unwrap().to_string())
        };
        let path = folder.path().join("jobs.slurm").display().to_string();
        let (start, array) = write(1000);
        assert_eq!(start, [format!("sbatch {path}")]);
        assert_eq!(array, "#SBATCH --array=1-1000");
        let (start, array) = write(2001);
        let expected = [
            format!("sbatch --array=1-1000 {path} 0"),
            format!("sbatch --array=1-1000 {path} 1000"),
            format!("sbatch --array=1-1 {path} 2000"),
        ];
        assert_eq!(start, expected);
        assert_eq!(array, "#SBATCH --array=1-1000");
    }

    /// Runs the scripts with stand-ins for the programs of Slurm: `srun` shows its option and runs the rest, `scontrol`
    /// shows its arguments.
    #[cfg(unix)]
    #[test]
    fn scripts_run_the_job_they_should() {
        use std::os::unix::fs::PermissionsExt;
        use std::process::{Command, Output};
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        for (name, script) in [
            ("srun", "echo \"$1\"; shift; exec \"$@\""),
            ("scontrol", "echo \"scontrol $*\""),
            ("sleep", ""),
        ] {
            std::fs::write(out.join(name), format!("#!/bin/sh\n{script}\n")).unwrap();
            let mode = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(out.join(name), mode).unwrap();
        }
        let before = std::env::var_os("PATH").unwrap();
        let path = std::iter::once(out.to_path_buf()).chain(std::env::split_paths(&before));
        let path = std::env::join_paths(path).unwrap();
        let task = |id: u32, arguments: &[&str], restarts: u32| -> Output {
            let mut shell = Command::new("sh");
            shell.arg(out.join("jobs.slurm")).args(arguments);
            shell
                .env("SLURM_ARRAY_TASK_ID", id.to_string())
                .env("SLURM_CPUS_PER_TASK", "3")
                .env("SLURM_JOB_ID", "17")
                .env("SLURM_RESTART_COUNT", restarts.to_string())
                .env("PATH", &path);
            shell.output().unwrap()
        };
        let shown = |output: &Output| String::from_utf8_lossy(&output.stdout).into_owned();

        let start = Scheduler::Slurm.write(out, &two(), command).unwrap();
        assert!(start[0].starts_with("sbatch /"), "{start:?}");
        let second = format!("{}\n", out.join("b c").display());
        let expected = format!("--cpus-per-task=3\n{second}");
        assert_eq!(shown(&task(2, &[], 0)), expected);
        assert_eq!(shown(&task(1, &["1"], 0)), expected);
        assert_eq!(task(3, &[], 0).status.code(), Some(2));

        for (code, restarts, again) in [
            (130, 0, true),
            (75, 5, true),
            (130, 100, false),
            (1, 0, false),
        ] {
            let command = |_: &Path| Ok(format!("sh -c 'exit {code}'"));
            Scheduler::Slurm.write(out, &two(), command).unwrap();
            let output = task(1, &[], restarts);
            assert_eq!(output.status.code(), Some(code));
            assert_eq!(
                shown(&output).contains("scontrol requeue 17"),
                again,
                "{code}"
            );
        }

        Scheduler::Parallel.write(out, &two(), command).unwrap();
        let output = Command::new("sh")
            .arg(out.join("jobs.txt"))
            .output()
            .unwrap();
        let both = format!("{}\n{second}", out.join("a").display());
        assert_eq!(shown(&output), both);
    }
}
