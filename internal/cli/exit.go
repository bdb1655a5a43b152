package cli

import (
	"errors"

	"github.com/spf13/cobra"
)

// Exit codes of the command.
const (
	ExitDone   = 0
	ExitFailed = 1
	ExitUsage  = 2
)

// usageError is an error about how the command was called, not about what it did.
type usageError struct {
	err         error
	commandPath string
}

func (e usageError) Error() string {
	return e.err.Error() + "\nRun '" + e.commandPath + " --help' for usage."
}

func (e usageError) Unwrap() error { return e.err }

// ExitCode maps what the command returned to the process' exit code.
func ExitCode(err error) int {
	if err == nil {
		return ExitDone
	}
	if _, ok := errors.AsType[usageError](err); ok {
		return ExitUsage
	}
	return ExitFailed
}

// UsageError marks err, returned by cmd, as wrong use (a flag's value, a contradiction of flags).
// Unknown flags and arguments are marked by themselves.
func UsageError(cmd *cobra.Command, err error) error {
	return usageError{err: err, commandPath: cmd.CommandPath()}
}

// markUsageErrors has the errors of flag parsing and argument checks of cmd and everything below it
// marked as wrong use.
func markUsageErrors(cmd *cobra.Command) {
	cmd.SetFlagErrorFunc(UsageError)
	if validate := cmd.Args; validate != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := validate(cmd, args); err != nil {
				return UsageError(cmd, err)
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		markUsageErrors(sub)
	}
}
