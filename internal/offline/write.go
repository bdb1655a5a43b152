package offline

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/prodsentinel/prodsentinel/internal/escape"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/terminal"
)

// write writes an analysis' report, and what agents said if it has that.
func write(out io.Writer, in incident.Incident, a incident.Analysis, form string) error {
	switch form {
	case "json":
		return writeJSON(out, a)
	case "markdown":
		return writeMarkdown(out, in, a)
	default:
		if err := terminal.WriteReport(out, in, a); err != nil {
			return err
		}
		return terminal.WriteAgents(out, a)
	}
}

// writeJSON writes the rules' report and beside it the agents' part, as the API has them.
func writeJSON(out io.Writer, a incident.Analysis) error {
	body, err := json.MarshalIndent(struct {
		incident.Report
		Agents *incident.Agents `json:"agents,omitempty"`
	}{a.Report, a.Assessed().Agents}, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s\n", escape.JSON(body))
	return err
}
