package cli

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

const (
	defaultHealthURL = "http://127.0.0.1:13133/"
	healthTimeout    = 3 * time.Second
)

// newHealthCommand returns the command by which a container's health is checked: its image has neither a
// shell nor curl.
func newHealthCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "health [URL]",
		Short: "Ends with 0 if a collector on this machine is healthy",
		Long: `Asks the health_check extension, and ends with 0 if it answers that all is well and with 1 if not.
URL is its address, ` + defaultHealthURL + ` if not given, or that of any other health check over HTTP.`,
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
		return fmt.Errorf("nothing healthy runs: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("not healthy: %s answers %s", url, response.Status)
	}
	return nil
}
