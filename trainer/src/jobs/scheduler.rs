//! Handing jobs to a scheduler that is there already.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;

use super::Plan;
use crate::files::write_atomically;

/// A scheduler that can run jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scheduler {
    /// A Slurm array, one task a job: `sbatch DIR/jobs.slurm`
    Slurm,
    /// A list of commands for GNU parallel, which also `xargs` and `sh` understand: `parallel < DIR/jobs.txt`
    Parallel,
}

impl Scheduler {
    /// Writes the script into `out` and tells how to start it. `command` makes a job's command, for a shell, from its
    /// folder.
    ///
    /// # Errors
    /// The plan has no jobs, or `out` cannot be written.
    pub fn write(
        self,
        out: &Path,
        plan: &Plan,
        command: impl Fn(&Path) -> String,
    ) -> Result<String> {
        ensure!(!plan.jobs.is_empty(), "there are no jobs to hand over");
        // Jobs start wherever the scheduler likes: every path is absolute.
        let out = std::path::absolute(out).context("no current folder")?;
        let commands: Vec<String> = plan
            .jobs
            .iter()
            .map(|entry| command(&out.join(&entry.name)))
            .collect();
        match self {
            Self::Slurm => {
                let path = out.join("jobs.slurm");
                write_atomically(&path, slurm(&out, &commands).as_bytes())?;
                Ok(format!("sbatch {}", shell_quote(&path.to_string_lossy())))
            }
            Self::Parallel => {
                let path = out.join("jobs.txt");
                write_atomically(&path, (commands.join("\n") + "\n").as_bytes())?;
                let path = shell_quote(&path.to_string_lossy());
                Ok(format!("parallel --jobs 2 < {path}"))
            }
        }
    }
}

/// An array script. A minute before its time is over, Slurm interrupts a job, which then saves; started again, by
/// requeueing or by hand, it goes on.
fn slurm(out: &Path, commands: &[String]) -> String {
    let mut script = format!(
        "#!/bin/sh\n\
         #SBATCH --job-name=hadamrnn\n\
         #SBATCH --array=1-{}\n\
         #SBATCH --cpus-per-task=2\n\
         #SBATCH --mem=4G\n\
         #SBATCH --time=04:00:00\n\
         #SBATCH --signal=INT@60\n\
         #SBATCH --requeue\n\
         #SBATCH --output={}/slurm-%A_%a.log\n\n\
         case \"$SLURM_ARRAY_TASK_ID\" in\n",
        commands.len(),
        out.display()
    );
    for (i, command) in commands.iter().enumerate() {
        script += &format!("  {}) exec srun {command} ;;\n", i + 1);
    }
    script += "  *) echo \"submit this script with sbatch\" >&2; exit 2 ;;\nesac\n";
    script
}

/// `text` as one word of a POSIX shell.
pub fn shell_quote(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-=,:+".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.into(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::Entry;

    fn plan() -> Plan {
        let entry = |name: &str| Entry {
            name: name.into(),
            group: String::new(),
            settings: vec![],
        };
        Plan {
            command: "test".into(),
            jobs: vec![entry("a"), entry("b c")],
        }
    }

    fn command(folder: &Path) -> String {
        format!("echo {}", shell_quote(&folder.to_string_lossy()))
    }

    #[test]
    fn words_are_quoted() {
        for (text, word) in [
            ("a/b-1=2", "a/b-1=2"),
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
            ("$x", "'$x'"),
            ("", "''"),
        ] {
            assert_eq!(shell_quote(text), word);
        }
    }

    #[cfg(unix)]
    #[test]
    fn scripts_run_the_job_they_should() {
        use std::process::Command;
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        let show = Scheduler::Slurm.write(out, &plan(), command).unwrap();
        assert!(show.starts_with("sbatch /"), "{show}");
        // `srun` starts a job's processes; here it is a stand-in that runs what it is given.
        std::fs::write(out.join("srun"), "#!/bin/sh\nexec \"$@\"\n").unwrap();
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(out.join("srun"), mode).unwrap();
        let path = std::env::join_paths(
            std::iter::once(out.to_path_buf())
                .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
        )
        .unwrap();
        let task = |id: &str| {
            let mut shell = Command::new("sh");
            shell
                .arg(out.join("jobs.slurm"))
                .env("SLURM_ARRAY_TASK_ID", id);
            shell.env("PATH", &path).output().unwrap()
        };
        let expected = format!("{}\n", out.join("b c").display());
        assert_eq!(String::from_utf8_lossy(&task("2").stdout), expected);
        assert_eq!(task("3").status.code(), Some(2));

        Scheduler::Parallel.write(out, &plan(), command).unwrap();
        let output = Command::new("sh")
            .arg(out.join("jobs.txt"))
            .output()
            .unwrap();
        let both = format!("{}\n{expected}", out.join("a").display());
        assert_eq!(String::from_utf8_lossy(&output.stdout), both);
    }
}
