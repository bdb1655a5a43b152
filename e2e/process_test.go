package e2e

import (
	"os"
	"testing"

	"github.com/prometheus/procfs"
	"github.com/stretchr/testify/require"
)

// cpuSeconds is what the process and its children, running and ended, have used of the processors.
func cpuSeconds(t testing.TB, pid int) float64 {
	t.Helper()
	ticks := float64(0)
	processes, err := procfs.AllProcs()
	require.NoError(t, err)
	for _, process := range processes {
		stat, err := process.Stat()
		if err != nil {
			continue // it has ended; its parent has its time
		}
		switch pid {
		case stat.PID:
			ticks += float64(stat.UTime+stat.STime) + float64(stat.CUTime+stat.CSTime)
		case stat.PPID:
			ticks += float64(stat.UTime + stat.STime)
		}
	}
	const perSecond = 100 // USER_HZ
	return ticks / perSecond
}

// ownCPUSeconds is what this process has used of the processors, without its children.
func ownCPUSeconds(t testing.TB) float64 {
	t.Helper()
	process, err := procfs.NewProc(os.Getpid())
	require.NoError(t, err)
	stat, err := process.Stat()
	require.NoError(t, err)
	return stat.CPUTime()
}

// residentMB is the memory that the process occupies, in MB.
func residentMB(t testing.TB, pid int) float64 {
	t.Helper()
	process, err := procfs.NewProc(pid)
	require.NoError(t, err)
	stat, err := process.Stat()
	require.NoError(t, err)
	return float64(stat.ResidentMemory()) / 1e6
}
