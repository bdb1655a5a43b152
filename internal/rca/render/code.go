package render

import (
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/judge"
	"github.com/prodsentinel/prodsentinel/internal/rules"
)

// codeOf lists the own frames of the exception at the root, nearest the throw first.
func codeOf(j *judge.Judgement) *incident.Code {
	thrown, in := j.Group.Exception()
	if thrown == nil || j.Kind != incident.KindCode {
		return nil
	}
	var regions []incident.CodeRegion
	for _, f := range thrown.Innermost().Frames {
		if !f.InApp || len(regions) == rules.MaxRegions {
			continue
		}
		regions = append(regions, incident.CodeRegion{Function: functionOf(f), File: f.File, Line: f.Line, Evidence: in.Ref})
	}
	if len(regions) == 0 {
		return nil
	}
	return &incident.Code{Region: regions}
}

// functionOf names a frame's function with what it belongs to.
func functionOf(f failure.Frame) string { return strings.TrimPrefix(f.Module+"."+f.Function, ".") }
