package rca

import (
	"fmt"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// narrative renders the report as prose, from its findings only.
func (c *caseView) narrative(report *incident.Report, caps []incident.Cap) incident.Narrative {
	var b strings.Builder
	j := c.face.judgement
	if report.Verdict == incident.VerdictAbstained {
		fmt.Fprintf(&b, "## No certain root cause\n\nThe likeliest is **%s**: %s.\n", escape(j.component), escape(j.statement()))
	} else {
		fmt.Fprintf(&b, "## Root cause: %s\n\n%s.\n", escape(j.component), escape(report.RootCause.Statement))
	}
	fmt.Fprintf(&b, "\nKind %s, category %s, confidence %s", j.kind, escape(string(j.category)), percent(report.Candidates[0].Score))
	if why := lowest(caps); len(why) > 0 {
		fmt.Fprintf(&b, " (%s)", escape(strings.Join(why, "; ")))
	}
	b.WriteString(".\n")
	if report.Severity == incident.SeverityLow {
		b.WriteString("\nThe requests themselves succeeded.\n")
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

func percent(c incident.Confidence) string { return fmt.Sprintf("%d %%", c/10_000) }

// nextSteps are what to do first, by category.
func nextSteps(j *judgement) []string {
	c, s := j.component, j.service
	caller := j.group.node.Service
	switch j.category {
	case incident.CategoryConnectionPoolExhausted:
		return []string{
			"Look at the pool metrics of " + s + ": connections in use, maximum and waiting requests around the onset.",
			"Find who holds the connections: long transactions, leaked connections, a slow query.",
			"Only then raise the pool's size, and check that the database allows it.",
		}
	case incident.CategoryDatabaseLock:
		return []string{
			"At " + c + ", find the transaction that held the lock at the onset.",
			"Check the order in which transactions lock rows, and how long they stay open.",
		}
	case incident.CategoryDatabaseError:
		return []string{
			"Run the cited statement against " + c + " and read the error's code.",
			"Compare schema and data with what " + caller + " expects.",
		}
	case incident.CategoryDependencyUnavailable, incident.CategoryNetwork:
		return []string{
			"Check from a host of " + caller + " whether " + c + " accepts connections at the cited address.",
			"Check whether " + c + " runs, is registered and ready, and whether its address in " + caller + "'s configuration is right.",
		}
	case incident.CategoryDNS:
		return []string{"Resolve the name of " + c + " from a host of " + caller + ", and compare it with the configured one."}
	case incident.CategoryCertificate:
		return []string{"Look at the certificate that " + c + " presents: validity, names, issuer.", "Check which authorities " + caller + " trusts."}
	case incident.CategoryAuthentication, incident.CategoryAuthorization:
		return []string{
			"Look at the credentials that " + j.caller + " sends to " + j.callee + ": present, valid, with the right scope?",
			"Check whether " + j.callee + " changed what it demands, and whether other callers are refused too.",
		}
	case incident.CategoryRateLimited, incident.CategoryCapacity:
		return []string{"Compare the load at " + c + " with its limit at the onset.", "Look for a caller whose rate rose."}
	case incident.CategoryResourceCPU, incident.CategoryResourceMemory, incident.CategoryResourceDisk:
		return []string{"Look at the resource metrics of " + s + " and of its host around the onset.", "Look for what grew: traffic, data, a leak."}
	case incident.CategoryTimeout:
		return []string{
			"Look at what " + c + " did" + in(j.operation) + " in the cited span, and compare it with a healthy trace.",
			"Compare the time it needs with the deadline of its callers.",
		}
	case incident.CategoryBadData:
		return []string{"Look at the input that " + s + " could not read, and at who produced it."}
	case incident.CategoryCodeException:
		return []string{"Open the cited code of " + s + " and the input of the cited request.", "Check what changed there before the onset."}
	default:
		return []string{"Read the cited records of " + s + " and what happened just before them."}
	}
}

// lowest are the reasons of the caps that decide, those first in order.
func lowest(caps []incident.Cap) []string {
	var why []string
	for _, c := range caps {
		if c.At == caps[0].At {
			why = append(why, c.Reason)
		}
	}
	return why
}
