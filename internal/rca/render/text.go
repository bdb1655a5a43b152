package render

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/judge"
)

// author marks what the rules say.
const author = "rules"

// inOperation writes " in GET /orders", nothing where the operation has no name.
func inOperation(operation string) string {
	if operation == "" {
		return ""
	}
	return " in " + operation
}

func operationOrSpan(j *judge.Judgement) string {
	if j.Operation != "" {
		return j.Operation
	}
	return "a span without a name"
}

// count writes "1 error", "3 errors".
func count(n int, noun string) string {
	s := strconv.Itoa(n) + " " + noun
	if n != 1 {
		s += "s"
	}
	return s
}

func percent(c incident.Confidence) string { return fmt.Sprintf("%d %%", c/10_000) }

// escape keeps quoted texts from being read as markdown.
func escape(s string) string {
	return strings.NewReplacer("`", "'", "*", `\*`, "<", "&lt;", "[", `\[`).Replace(s)
}
