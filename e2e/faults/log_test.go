package faults

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// entry is a line of the cumulative log: one fault and what it did.
type entry struct {
	Date       time.Time   `json:"date"`
	Commit     string      `json:"commit"`
	Seed       uint64      `json:"seed"`
	Session    int         `json:"session"`
	Topology   topology    `json:"topology"`
	Fault      string      `json:"fault"`
	Traces     int64       `json:"traces"`
	Requests   int64       `json:"requests"`
	Seconds    float64     `json:"seconds"`
	Violations []violation `json:"violations"`
}

// record adds the entry to the log, if there is one.
func record(t testing.TB, e entry) {
	t.Helper()
	if *logPath == "" {
		return
	}
	line, err := json.Marshal(e)
	require.NoError(t, err)
	file, err := os.OpenFile(*logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	_, err = file.Write(append(line, '\n'))
	require.NoError(t, err)
	require.NoError(t, file.Close())
}

// commit of the source tree, with a plus where it was changed since; "" outside of a repository.
var commit = sync.OnceValue(func() string {
	describe := exec.Command("git", "describe", "--always", "--exclude=*", "--dirty=+", "--abbrev=12")
	out, err := describe.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
})
