package offline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

type exportOptions struct {
	api, file string
}

// exportTimeout bounds the making of a bundle and its way here.
const exportTimeout = 5 * time.Minute

// NewExportCommand returns the export command.
func NewExportCommand() *cobra.Command {
	var opts exportOptions
	cmd := &cobra.Command{
		Use:   "export INCIDENT",
		Short: "Writes an incident's bundle: its reports, what they were made from, and what agents said",
		Long: `Asks a running ProdSentinel for the bundle of an incident and writes it to a file. analyze makes the
report again from it, on any machine. A bundle holds the incident's traces, logs and metrics as they
were received: treat it like those.`,
		Args:         cobra.ExactArgs(1),
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), exportTimeout)
			defer cancel()
			if opts.file == "" {
				opts.file = "incident-" + filepath.Base(args[0]) + ".tar.gz"
			}
			if err := export(ctx, cmd.OutOrStdout(), args[0], opts); err != nil {
				return fmt.Errorf("export incident %s: %w", args[0], err)
			}
			if opts.file != "-" {
				_, err := fmt.Fprintln(cmd.ErrOrStderr(), "wrote", opts.file)
				return err
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&opts.api, "api", "http://localhost:8080", "address of the query API")
	cmd.Flags().StringVarP(&opts.file, "file", "f", "", `where to write the bundle; "-" for standard output (default incident-ID.tar.gz)`)
	return cmd
}

func export(ctx context.Context, stdout io.Writer, incidentID string, opts exportOptions) error {
	body, err := download(ctx, opts.api, incidentID)
	if err != nil {
		return err
	}
	defer body.Close()
	if opts.file == "-" {
		_, err := io.Copy(stdout, body)
		return err
	}
	return writeFile(opts.file, body)
}

func download(ctx context.Context, api, incidentID string) (io.ReadCloser, error) {
	base, err := url.Parse(api)
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("--api: %q is no address like http://localhost:8080", api)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base.JoinPath("query", "incidents", url.PathEscape(incidentID), "bundle").String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w; is ProdSentinel running there? --api names another address", err)
	}
	switch resp.StatusCode {
	case http.StatusOK:
		return resp.Body, nil
	case http.StatusNotFound:
		err = errors.New("there is no such incident")
	default:
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1024))
		err = fmt.Errorf("%s: %s", resp.Status, strings.TrimSpace(string(text)))
	}
	return nil, errors.Join(err, resp.Body.Close())
}

// writeFile writes a file readable by its owner only, whole or not at all.
func writeFile(name string, from io.Reader) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".export-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
