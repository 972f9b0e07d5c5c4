//! `substorm man`: manual pages, one for each subcommand.

use std::path::PathBuf;

use anyhow::Context as _;

use super::output;
use crate::harness::Exit;

/// Print the manual page, or write those of all subcommands
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Write substorm.1, substorm-run.1 and so on into this folder, which is made if need be
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// Prints or writes them.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    let Some(folder) = &args.folder else {
        let mut page = Vec::new();
        clap_mangen::Man::new(super::command()).render(&mut page)?;
        return output::print(&String::from_utf8_lossy(&page));
    };
    std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(super::command(), folder))
        .with_context(|| format!("cannot write manual pages into {}", folder.display()))?;
    Ok(Exit::Passed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_subcommand_has_a_page() {
        let folder = tempfile::tempdir().unwrap();
        let pages = folder.path().join("man/man1");
        run(&Args { folder: Some(pages.clone()) }).unwrap();
        let command = super::super::command();
        for subcommand in command.get_subcommands() {
            let name = subcommand.get_name();
            let page = std::fs::read_to_string(pages.join(format!("substorm-{name}.1"))).unwrap();
            // As roff writes them.
            let about = subcommand.get_about().unwrap().to_string();
            let about = about.replace('-', "\\-").replace('\'', "\\*(Aq");
            assert!(page.contains(&about), "{name}: {page}");
            assert!(page.contains("NAME") && page.contains("OPTIONS"), "{name}: {page}");
        }
        let page = std::fs::read_to_string(pages.join("substorm.1")).unwrap();
        assert!(page.contains("substorm\\-run(1)"), "{page}");
    }
}
