// Package offline holds the commands that work on an incident away from where it happened: export
// writes its bundle, analyze makes the report again from one. Analyze asks no server and no store.
package offline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/prodsentinel/prodsentinel/internal/analysis"
	"github.com/prodsentinel/prodsentinel/internal/cli"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
)

// outputs are the forms of a report.
var outputs = []string{"text", "json", "markdown"}

type analyzeOptions struct {
	output   string
	revision int
	replay   bool
}

// NewAnalyzeCommand returns the analyze command.
func NewAnalyzeCommand() *cobra.Command {
	var opts analyzeOptions
	cmd := &cobra.Command{
		Use:   "analyze BUNDLE...",
		Short: "Makes an incident's report again from its bundle",
		Long: `Makes the deterministic report of an incident again from the case in its bundle (see export), and
compares it with the report that the bundle holds. It needs no server and sends nothing anywhere.
"-" reads standard input. It fails where the same engine gives another report.

With --replay it also has what agents said again from the conversation in the bundle, of the newest
revision that has one: every claim is verified anew, nobody is asked, and it fails where anything
comes out otherwise than it is stored.`,
		Args:         cobra.MinimumNArgs(1),
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(outputs, opts.output) {
				return cli.UsageError(cmd, fmt.Errorf("--output: %q is none of %s", opts.output, strings.Join(outputs, ", ")))
			}
			for _, name := range args {
				if err := analyzeFile(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout(), name, opts); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&opts.output, "output", "text", "form of the report: "+strings.Join(outputs, ", "))
	cmd.Flags().IntVar(&opts.revision, "revision", 0, "which analysis of the incident (default: the newest; with --replay the newest that agents looked at)")
	cmd.Flags().BoolVar(&opts.replay, "replay", false, "also have what agents said again from the conversation in the bundle, without asking anybody")
	return cmd
}

func analyzeFile(ctx context.Context, in io.Reader, out io.Writer, name string, opts analyzeOptions) error {
	bundle, err := readBundle(in, name)
	if err != nil {
		return err
	}
	stored, err := pick(bundle, opts)
	if err != nil {
		return err
	}
	again, err := reproduce(ctx, bundle, stored)
	if err != nil {
		return err
	}
	differs := compare(stored, again)
	again.Agents = nil
	if opts.replay && differs == nil {
		again.Agents, differs = replay(ctx, bundle, stored)
	}
	return errors.Join(write(out, bundle.Incident, again, opts.output), differs)
}

func readBundle(in io.Reader, name string) (*analysis.Bundle, error) {
	if name == "-" {
		return analysis.ReadBundle(in)
	}
	f, err := os.Open(name) //nolint:gosec // the user names it
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return analysis.ReadBundle(f)
}

// pick finds the revision asked for: by default the newest, or to replay the newest of which agents
// said something.
func pick(b *analysis.Bundle, opts analyzeOptions) (incident.Analysis, error) {
	if len(b.Analyses) == 0 {
		return incident.Analysis{}, errors.New("the bundle holds no analysis: the incident was exported before there was one")
	}
	for _, a := range slices.Backward(b.Analyses) {
		if a.Revision == opts.revision || opts.revision == 0 && (!opts.replay || spokenOf(a)) {
			return a, nil
		}
	}
	if opts.revision == 0 {
		return incident.Analysis{}, errors.New("agents said nothing of this incident: there is no conversation to replay")
	}
	return incident.Analysis{}, fmt.Errorf("the bundle has no revision %d; its newest is %d", opts.revision, b.Analyses[len(b.Analyses)-1].Revision)
}

// reproduce makes an analysis' report again from its case.
func reproduce(ctx context.Context, b *analysis.Bundle, stored incident.Analysis) (incident.Analysis, error) {
	body, ok := b.Cases[stored.InputDigest]
	if !ok {
		return stored, fmt.Errorf("the bundle lacks the case %s of revision %d", stored.InputDigest, stored.Revision)
	}
	sealed, err := analysis.OpenCase(body)
	if err != nil {
		return stored, err
	}
	result, err := rca.AnalyzeContext(ctx, sealed)
	if err != nil {
		return stored, err
	}
	again := stored
	again.EngineVersion, again.Report = rca.EngineVersion, result.Report
	return again, nil
}

// compare fails where the engine that made the stored report would say something else now.
func compare(stored, again incident.Analysis) error {
	was, err := json.Marshal(stored.Report)
	if err != nil {
		return err
	}
	is, err := json.Marshal(again.Report)
	if err != nil {
		return err
	}
	switch {
	case bytes.Equal(was, is):
		return nil
	case stored.EngineVersion != again.EngineVersion:
		return fmt.Errorf("the report differs from the stored one: that was made by engine %s, this is engine %s", stored.EngineVersion, again.EngineVersion)
	}
	return errors.New("the report differs from the stored one, though the engine is the same: the bundle was changed, or this is a defect")
}
