package offline

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/escape"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/terminal"
)

// writeMarkdown writes a report as Markdown. It is made from the parts of the report: what they quote of
// telemetry stands for itself, which cannot be said of prose that is Markdown already.
func writeMarkdown(out io.Writer, in incident.Incident, a incident.Analysis) error {
	var b bytes.Buffer
	section := func(format string, args ...any) {
		for i := range args {
			args[i] = escape.Markdown(fmt.Sprint(args[i]))
		}
		fmt.Fprintf(&b, format, args...)
	}
	section("# %s\n\n", in.Title)
	if root := a.RootCause; root != nil {
		section("## Root cause: %s\n\n%s.\n\n", root.Component, root.Statement)
		section("Kind %s, category %s, confidence %s.\n", root.Kind, root.Category, terminal.Percent(root.Confidence))
	} else {
		section("## No certain root cause\n\nPossible causes, most likely first:\n\n")
		for _, c := range a.Candidates {
			section("- **%s** (%s, %s), score %s\n", c.Component, c.Kind, c.Category, terminal.Percent(c.Score))
		}
	}
	if len(a.Findings) > 0 {
		section("\n## What is known\n\n")
	}
	for _, f := range a.Findings {
		section("- %s: %s\n", f.ID, f.Statement)
	}
	if len(a.Gaps) > 0 {
		section("\n## What could not be seen\n\n")
	}
	for _, g := range a.Gaps {
		section("- %s\n", g.Detail)
	}
	if len(a.Narrative.NextSteps) > 0 {
		section("\n## Next steps\n\n")
	}
	for i, step := range a.Narrative.NextSteps {
		fmt.Fprintf(&b, "%d. ", i+1)
		section("%s\n", step)
	}
	if err := writeAgents(&b, a); err != nil {
		return err
	}
	_, err := out.Write(b.Bytes())
	return err
}

// writeAgents writes what agents said, if anything, as preformatted text, which takes nothing for markup.
func writeAgents(b *bytes.Buffer, a incident.Analysis) error {
	if a.Agents == nil {
		return nil
	}
	var said bytes.Buffer
	if err := terminal.WriteAgents(&said, a); err != nil {
		return err
	}
	indented := strings.ReplaceAll(strings.Trim(said.String(), "\n"), "\n", "\n    ")
	fmt.Fprintf(b, "\n## Agents\n\n    %s\n", indented)
	return nil
}
