package render

import (
	"fmt"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/rank"
)

// narrativeOf renders the report as prose, from its findings only.
func narrativeOf(r *rank.Ranking, report *incident.Report, caps []incident.Cap) incident.Narrative {
	var b strings.Builder
	j := r.Shown.Judgement
	if report.Verdict == incident.VerdictAbstained {
		fmt.Fprintf(&b, "## No certain root cause\n\nThe likeliest is **%s**: %s.\n", escape(j.Component), escape(causeStatement(r)))
	} else {
		fmt.Fprintf(&b, "## Root cause: %s\n\n%s.\n", escape(j.Component), escape(report.RootCause.Statement))
	}
	fmt.Fprintf(&b, "\nKind %s, category %s, confidence %s", j.Kind, escape(string(j.Category)), percent(report.Candidates[0].Score))
	if why := lowestReasons(caps); len(why) > 0 {
		fmt.Fprintf(&b, " (%s)", escape(strings.Join(why, "; ")))
	}
	fmt.Fprintf(&b, ".\n\nAt this revision: severity %s, %s.\n", report.Severity, count(report.Impact.FailingTraces, "failing trace"))
	switch {
	case report.Severity != incident.SeverityLow:
	case report.Routine != nil:
		fmt.Fprintf(&b, "\nThis error is routine: %s. It is listed apart until its share leaves that.\n", shareText(report.Routine))
	case report.Impact.Outcome == incident.OutcomeDegraded:
		b.WriteString("\nThe requests themselves succeeded.\n")
	default:
		b.WriteString("\nNo record says that a request failed because of it.\n")
	}
	fmt.Fprintf(&b, "\n## What is known\n\n%s", findingsText(report.Findings))
	if len(report.Gaps) > 0 {
		b.WriteString("\n## What could not be seen\n\n")
		for _, g := range report.Gaps {
			fmt.Fprintf(&b, "- %s\n", escape(g.Detail))
		}
	}
	steps := nextSteps(j)
	b.WriteString("\n## Next steps\n\n")
	for i, s := range steps {
		fmt.Fprintf(&b, "%d. %s\n", i+1, escape(s))
	}
	return incident.Narrative{Author: author, Markdown: b.String(), NextSteps: steps}
}

// shareText says how many requests have a routine error, and since when.
func shareText(r *incident.Routine) string {
	return fmt.Sprintf("%d of %d requests had it since %s UTC", r.Failing, r.Requests, r.Since.Format("2006-01-02 15:04"))
}

// lowestReasons are the reasons of the caps that decide, those first in order.
func lowestReasons(caps []incident.Cap) []string {
	var why []string
	for _, c := range caps {
		if c.At == caps[0].At {
			why = append(why, c.Reason)
		}
	}
	return why
}
