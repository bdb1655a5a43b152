package eval

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/prodsentinel/prodsentinel/internal/cli"
)

type options struct {
	output, cases string
	tracks        []string
}

// NewCommand returns the eval command.
func NewCommand() *cobra.Command {
	var opts options
	cmd := &cobra.Command{
		Use:   "eval DIR",
		Short: "Measures on labelled incidents how often the engine finds the cause",
		Long: `Has the engine and, beside it, simple and published methods answer every case of a suite, and
compares their answers with the labels. A suite is a folder of splits, each with a folder a case:
case.json with what may be known, labels.json with what is right, telemetry in OTLP/JSON; and of
baseline/ with fault-free telemetry of the same systems. Nothing is stored or sent.

Tracks tell a case with less: ` + strings.Join(trackNames(tracks), ", ") + `.`,
		Args:         cobra.ExactArgs(1),
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains([]string{"text", "json"}, opts.output) {
				return cli.UsageError(cmd, fmt.Errorf("--output: %q is none of text, json", opts.output))
			}
			chosen, err := chooseTracks(opts.tracks)
			if err != nil {
				return cli.UsageError(cmd, err)
			}
			return evaluate(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), args[0], chosen, opts)
		},
	}
	cmd.Flags().StringVar(&opts.output, "output", "text", "form of the result: text, json")
	cmd.Flags().StringVar(&opts.cases, "cases", "*", "only cases whose names match this pattern")
	cmd.Flags().StringSliceVar(&opts.tracks, "tracks", nil, "only these tracks beside the full one (default: all)")
	return cmd
}

// chooseTracks are the named tracks, all where none is named. The full one is always among them: the others are
// compared with it.
func chooseTracks(names []string) (chosen []track, err error) {
	if len(names) == 0 {
		return tracks, nil
	}
	for _, name := range names {
		if !slices.Contains(trackNames(tracks), name) {
			return nil, fmt.Errorf("--tracks: %q is none of %s", name, strings.Join(trackNames(tracks), ", "))
		}
	}
	for _, t := range tracks {
		if t.name == fullTrack || slices.Contains(names, t.name) {
			chosen = append(chosen, t)
		}
	}
	return chosen, nil
}

func trackNames(list []track) (names []string) {
	for _, t := range list {
		names = append(names, t.name)
	}
	return names
}

func evaluate(ctx context.Context, out, progress io.Writer, dir string, chosen []track, opts options) error {
	s, err := openSuite(dir, opts.cases)
	if err != nil {
		return err
	}
	n := len(s.cases)
	results, err := run(ctx, s.cases, chosen, func(done int, c *suiteCase, took time.Duration) {
		_, _ = fmt.Fprintf(progress, "[%d/%d] %s: %.1f s\n", done, n, c.name, took.Seconds())
	})
	if err != nil {
		return err
	}
	healthy, err := runControls(ctx, dir, s)
	if err != nil {
		return err
	}
	list, err := score(results)
	if err != nil {
		return err
	}
	o := outputOf(list, trackNames(chosen))
	o.Controls = healthy
	if opts.output == "text" {
		return o.writeTables(out)
	}
	body, err := json.MarshalIndent(o, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s\n", body)
	return err
}
