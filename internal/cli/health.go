package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

const (
	defaultHealthURL = "http://127.0.0.1:13133/healthz"
	healthTimeout    = 3 * time.Second
)

// newHealthCommand returns the command by which a container's health is checked: its image has neither a
// shell nor curl.
func newHealthCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "health [URL]",
		Short: "Exits with 0 if a collector on this machine is healthy",
		Long: `Asks the health extension for the whole truth. Exits with 0 if nothing is wrong, and with 1 if something is,
which it says. URL is the address of the probe, ` + defaultHealthURL + ` if not given, or that of any other health
check over HTTP: /readyz in its place says whether the collector can be sent to, /livez whether it lives.`,
		Args:         cobra.MaximumNArgs(1),
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			return checkHealth(cmd.Context(), append(args, defaultHealthURL)[0])
		},
	}
}

// checkHealth returns nil if the URL answers with a status of success.
func checkHealth(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return fmt.Errorf("check the health at %s: %w", url, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("no answer from the health check: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("not healthy: %s answers %s%s", url, response.Status, problems(response.Body))
	}
	return nil
}

// problems are those that an answer of the health extension lists, one a line.
func problems(body io.Reader) string {
	const most = 64 << 10
	var answer struct {
		Problems []struct{ Component, Problem string }
	}
	if json.NewDecoder(io.LimitReader(body, most)).Decode(&answer) != nil {
		return "" // of another health check
	}
	var text strings.Builder
	for _, p := range answer.Problems {
		text.WriteString("\n  " + p.Component + ": " + p.Problem)
	}
	return text.String()
}
