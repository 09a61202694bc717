package child

import (
	"errors"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// lowest is the weakest claim to a processor that Linux knows.
const lowest = 19

// prepare ties the child's life to its parent's.
func prepare(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

// start starts the child and steps it back. The parent of Pdeathsig is a thread:
// the main goroutine of a Go program does not lose its own, and threads that
// the runtime ends are only locked ones, so an ordinary goroutine's will do.
func start(cmd *exec.Cmd, memory uint64) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return err
	}
	err := unix.Setpriority(unix.PRIO_PROCESS, cmd.Process.Pid, lowest)
	if memory > 0 {
		err = errors.Join(err, unix.Prlimit(cmd.Process.Pid, unix.RLIMIT_DATA, &unix.Rlimit{Cur: memory, Max: memory}, nil))
	}
	if errors.Is(err, unix.ESRCH) {
		return nil // it has ended already; Wait tells how
	}
	if err != nil {
		return errors.Join(err, cmd.Process.Kill(), ignore(cmd.Wait()))
	}
	return nil
}

// ignore drops the end of a child that was just killed.
func ignore(error) error { return nil }
