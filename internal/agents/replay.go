package agents

import (
	"context"
	"errors"
	"fmt"
)

// player answers from a transcript what was answered then. It asks nobody: a request other than
// the recorded one fails.
type player struct {
	transcript *Transcript
	next       map[string]int // turn by agent
}

func newPlayer(t *Transcript) *player { return &player{transcript: t, next: make(map[string]int)} }

// turn returns the recorded turn of the same request.
func (p *player) turn(agent, digest string) (*Turn, error) {
	c := p.transcript.conversation(agent)
	n := p.next[agent]
	if c == nil || n >= len(c.Turns) {
		return nil, fail(failReplay, fmt.Sprintf("The transcript has no turn %d of the %s.", n+1, agent), nil)
	}
	if c.Turns[n].Request != digest {
		return nil, fail(failReplay, fmt.Sprintf(
			"Turn %d of the %s asks something else than the transcript: case, report or program differ.", n+1, agent), nil)
	}
	p.next[agent]++
	return &c.Turns[n], nil
}

// ask is as asker.ask, from the recording.
func (p *player) ask(_ context.Context, _ Budget, r *request) (answer, error) {
	digest, err := digestOf(r)
	if err != nil {
		return answer{}, err
	}
	turn, err := p.turn(r.Agent, digest)
	if err != nil {
		return answer{}, err
	}
	got := answer{Response: turn.Response, Spend: turn.Spend, PriceKnown: turn.PriceKnown}
	if turn.Failure != nil {
		return got, fail(turn.Failure.Kind, turn.Failure.Reason, nil)
	}
	return got, nil
}

// concludes reports whether the next turn of an agent had to be its conclusion.
func (p *player) concludes(agent string) bool {
	c := p.transcript.conversation(agent)
	return c != nil && p.next[agent] < len(c.Turns) && len(c.Turns[p.next[agent]].Allowed) > 0
}

// excerpt returns what a call read of a source file then.
func (p *player) excerpt(c *Call) (*excerpt, error) {
	want := callKey(c)
	for _, conversation := range p.transcript.Conversations {
		for _, turn := range conversation.Turns {
			for _, done := range turn.Calls {
				switch {
				case callKey(&done.Call) != want:
				case done.Source != nil:
					return done.Source, nil
				case done.Refusal != "":
					return nil, errors.New(done.Refusal)
				}
			}
		}
	}
	return nil, fail(failReplay, "The transcript has no source file of this call.", nil)
}
