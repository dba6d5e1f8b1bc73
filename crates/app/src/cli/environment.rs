//! Variables of the environment that stand for options.

use std::env;

use clap::{
    Arg, Command,
    builder::{Resettable, StyledStr},
};

/// A command to which a variable that is set to nothing is one that is not set: what sets
/// variables for containers and services often can do no other.
pub(super) fn without_empty(command: Command) -> Command {
    without(command, &|name| env::var_os(name).is_some_and(|value| value.is_empty()))
}

fn without(command: Command, is_empty: &impl Fn(&str) -> bool) -> Command {
    let command = command.mut_args(|arg| {
        match arg.get_env().and_then(|name| name.to_str()).map(str::to_owned) {
            Some(name) if is_empty(&name) => unset(arg, &name),
            _ => arg,
        }
    });
    command.mut_subcommands(|command| without(command, is_empty))
}

/// An option that is not asked for in the environment. Its help names the variable all the same.
fn unset(arg: Arg, name: &str) -> Arg {
    let named = |help: &StyledStr| StyledStr::from(format!("{help} [env: {name}=]"));
    let help = Resettable::from(arg.get_help().map(named));
    let long_help = Resettable::from(arg.get_long_help().map(named));
    arg.env(None).help(help).long_help(long_help)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::{super::Cli, without};

    #[test]
    fn a_variable_that_is_empty_is_named_and_not_read() {
        let help = |is_empty: bool| {
            let mut command = without(Cli::command(), &|name| is_empty && name == "CHATKIT_MODEL");
            let serve = command.find_subcommand_mut("serve").unwrap();
            let model = serve.get_arguments().find(|arg| arg.get_id() == "model").unwrap();
            (model.get_env().is_some(), serve.render_help().to_string())
        };
        let ((is_read, usual), (is_still_read, empty)) = (help(false), help(true));
        assert_eq!((is_read, is_still_read), (true, false));
        assert_eq!(empty, usual);
    }
}
