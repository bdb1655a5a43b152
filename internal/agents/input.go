package agents

import (
	"errors"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// Input is what agents look at.
type Input struct {
	Case *incident.Case // sealed; it is not changed
	// CaseDigest is the digest of the sealed case (Analysis.InputDigest).
	CaseDigest string
	Report     incident.Report // the rules' report on the case

	IncidentID string
	Title      string // of the incident
	Severity   incident.Severity

	// Budget of the incident; nil for Unlimited.
	Budget Budget
}

func (in *Input) validate() error {
	switch {
	case in.Case == nil:
		return errors.New("agents: no case was given")
	case in.CaseDigest == "":
		return errors.New("agents: the case has no digest")
	}
	return nil
}

// Outcome is what agents came to. Both are set whatever happened, but for provider none, which
// has no transcript: work that was done before a failure is kept.
type Outcome struct {
	Agents     incident.Agents
	Transcript *Transcript
	// Again is after how long another attempt may come further: what kept this one from its end passes.
	// 0 where it does not.
	Again time.Duration
	// Unasked tells that a limit of ours kept the model from being asked.
	Unasked bool
}
