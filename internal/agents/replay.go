package agents

import (
	"context"
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

// recorded returns the output that a call had then.
func (p *player) recorded(agent string, call *Call) (map[string]any, bool) {
	c := p.transcript.conversation(agent)
	if c == nil {
		return nil, false
	}
	want := callKey(call)
	for _, turn := range c.Turns {
		for _, done := range turn.Calls {
			if callKey(&done.Call) == want && !done.Repeated {
				return done.Output, true
			}
		}
	}
	return nil, false
}
