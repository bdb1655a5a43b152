package eval

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/prodsentinel/prodsentinel/internal/cli"
)

type options struct {
	output, cases, document string
	tracks                  []string
}

// NewCommand returns the eval command.
func NewCommand() *cobra.Command {
	var opts options
	cmd := &cobra.Command{
		Use:   "eval DIR...",
		Short: "Measures on labelled incidents how often the engine finds the cause",
		Long: `Has the engine and, beside it, simple and published methods answer every case of a suite, and
compares their answers with the labels. DIR is a suite: a folder of splits, each with a folder a case:
case.json with what may be known, labels.json with what is right, telemetry in OTLP/JSON; and of
baseline/ with fault-free telemetry of the same systems. Nothing is stored or sent.

Tracks tell a case with less: ` + strings.Join(trackNames(tracks), ", ") + `.`,
		Args:         cobra.MinimumNArgs(1),
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains([]string{"text", "json"}, opts.output) {
				return cli.UsageError(cmd, fmt.Errorf("--output: %q is none of text, json", opts.output))
			}
			chosen, err := chooseTracks(opts.tracks)
			if err != nil {
				return cli.UsageError(cmd, err)
			}
			return evaluate(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), args, chosen, opts)
		},
	}
	cmd.Flags().StringVar(&opts.output, "output", "text", "form of the result: text, json")
	cmd.Flags().StringVar(&opts.cases, "cases", "*", "only cases whose names match this pattern")
	cmd.Flags().StringVar(&opts.document, "suite-out", "", "file to write the figures to, as Markdown")
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

// evaluate runs all suites one after another.
func evaluate(ctx context.Context, out, progress io.Writer, dirs []string, chosen []track, opts options) error {
	var suites []*suite
	var all []scored
	var healthy controls
	order, outputs := trackNames(chosen), map[string]*output{}
	for _, dir := range dirs {
		s, err := openSuite(dir, opts.cases)
		if err != nil {
			return err
		}
		list, c, err := evaluateSuite(ctx, progress, s, chosen)
		if err != nil {
			return err
		}
		outputs[s.name] = outputOf(list, c, order)
		suites, all = append(suites, s), append(all, list...)
		healthy.add(c)
	}
	o := outputOf(all, healthy, order)
	if opts.document != "" {
		var b bytes.Buffer
		if err := writeDocument(&b, time.Now(), suites, outputs, o); err != nil {
			return err
		}
		if err := os.WriteFile(opts.document, b.Bytes(), 0o644); err != nil { //nolint:gosec // a document to publish, where the user says
			return err
		}
	}
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

// evaluateSuite has every method answer the cases of a suite, and the engine its windows without a fault, and scores them.
func evaluateSuite(ctx context.Context, progress io.Writer, s *suite, chosen []track) ([]scored, controls, error) {
	n := len(s.cases)
	results, err := run(ctx, s.cases, chosen, func(done int, c *suiteCase, took time.Duration) {
		_, _ = fmt.Fprintf(progress, "%s: %d of %d cases, %s in %.1f s\n", s.name, done, n, c.name, took.Seconds())
	})
	if err != nil {
		return nil, controls{}, err
	}
	healthy, err := runControls(ctx, s)
	if err != nil {
		return nil, controls{}, err
	}
	list, err := score(results)
	return list, healthy, err
}
