package offline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/prodsentinel/prodsentinel/internal/cli"
)

type exportOptions struct {
	api, file, caFile string
}

const (
	// exportTimeout bounds the making of a bundle and its way here.
	exportTimeout = 5 * time.Minute
	// tokenEnv has the token for an API behind an authenticator. No flag has it: everybody on the
	// machine can read those.
	tokenEnv = "PRODSENTINEL_TOKEN"
)

// NewExportCommand returns the export command.
func NewExportCommand() *cobra.Command {
	var opts exportOptions
	cmd := &cobra.Command{
		Use:   "export INCIDENT",
		Short: "Writes an incident's bundle: its reports, what they were made from, and what agents said",
		Long: `Asks a running ProdSentinel for the bundle of an incident and writes it to a file. analyze makes the
report again from it, on any machine. A bundle holds the incident's traces, logs and metrics as they
were received: treat it like those.

Where the API asks for a bearer token, export sends the one in the variable PRODSENTINEL_TOKEN.`,
		Example: `  prodsentinel export fc85274444b9860533fed937ee4a0d36
  PRODSENTINEL_TOKEN=$(cat token) prodsentinel export fc85274444b9860533fed937ee4a0d36 \
      --api https://prodsentinel.example --ca-file ca.pem -f - | prodsentinel analyze -`,
		Args:         cobra.ExactArgs(1),
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			ids, err := cli.IncidentIDs(cmd, args)
			if err != nil {
				return err
			}
			switch opts.file {
			case "":
				opts.file = "incident-" + ids[0] + ".tar.gz"
			case "/dev/stdout": // which may be a file that is appended to
				opts.file = "-"
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), exportTimeout)
			defer cancel()
			if err := export(ctx, cmd.OutOrStdout(), ids[0], opts); err != nil {
				return fmt.Errorf("export incident %s: %w", ids[0], err)
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
	cmd.Flags().StringVar(&opts.caFile, "ca-file", "", "certificates (PEM) to trust in place of the system's")
	return cmd
}

func export(ctx context.Context, stdout io.Writer, incidentID string, opts exportOptions) error {
	client, err := newClient(opts.caFile)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	body, err := download(ctx, client, opts.api, incidentID)
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

func download(ctx context.Context, client *http.Client, api, incidentID string) (io.ReadCloser, error) {
	base, err := url.Parse(api)
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("--api: %q is no address like http://localhost:8080", api)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base.JoinPath("query", "incidents", incidentID, "bundle").String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	token := strings.TrimSpace(os.Getenv(tokenEnv))
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w; is ProdSentinel running there? --api names another address", err)
	}
	switch resp.StatusCode {
	case http.StatusOK:
		return resp.Body, nil
	case http.StatusNotFound:
		err = errors.New("there is no such incident")
	case http.StatusUnauthorized:
		err = errors.New("the API asks for a token (401): put one into the variable " + tokenEnv)
		if token != "" {
			err = errors.New("the API refuses the token in the variable " + tokenEnv + " (401)")
		}
	default:
		err = fmt.Errorf("%s: %s", resp.Status, detailOf(resp.Body))
	}
	return nil, errors.Join(err, resp.Body.Close())
}

// detailOf is what an answer says went wrong: the detail of a problem (RFC 9457), else its text.
func detailOf(body io.Reader) string {
	text, _ := io.ReadAll(io.LimitReader(body, 1024))
	var problem struct {
		Detail string `json:"detail"`
	}
	if json.Unmarshal(text, &problem) == nil && problem.Detail != "" {
		return problem.Detail
	}
	return strings.TrimSpace(string(text))
}
