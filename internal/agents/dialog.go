package agents

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// responder answers requests: an asker, or a player of what was answered before.
type responder interface {
	ask(ctx context.Context, b Budget, r *request) (answer, error)
}

// dialog is one agent's conversation, recorded turn by turn.
type dialog struct {
	responder responder
	budget    Budget
	req       request
	record    *Conversation
	sent      int // messages that are recorded

	corrected bool
}

// takeTurn asks, records what happened, and keeps the answer in the conversation.
func (t *dialog) takeTurn(ctx context.Context) (Message, error) {
	digest, err := digestOf(&t.req)
	if err != nil {
		return Message{}, err
	}
	begun := time.Now()
	got, err := t.responder.ask(ctx, t.budget, &t.req)
	done := Turn{
		Request: digest, Sent: t.req.Messages[t.sent:], Allowed: t.req.Allowed, Response: got.Response,
		Spend: got.Spend, PriceKnown: got.PriceKnown, DurationMillis: time.Since(begun).Milliseconds(),
	}
	if err != nil {
		f := asFault(err)
		done.Failure = &recordedFault{Kind: f.Kind, Reason: f.Reason}
	}
	t.record.Turns = append(t.record.Turns, done)
	t.sent = len(t.req.Messages)
	if err != nil {
		return Message{}, err
	}
	t.keepAnswer(got.Response.Message)
	return got.Response.Message, nil
}

// keepAnswer keeps what the model said. A malformed call comes without content; the turn is held by a
// word then, since roles must alternate.
func (t *dialog) keepAnswer(m Message) {
	if len(m.Parts) == 0 {
		m = Message{Role: roleModel, Parts: []Part{{Text: "(no valid answer)"}}}
	}
	t.req.Messages = append(t.req.Messages, m)
	t.sent = len(t.req.Messages)
}

// lastTurn is the turn made last.
func (t *dialog) lastTurn() *Turn { return &t.record.Turns[len(t.record.Turns)-1] }

// askToCorrect tells the model once what was wrong with its answer; the second time it fails. The
// calls of the answer are answered too, as the protocol demands.
func (t *dialog) askToCorrect(m Message, problem error) error {
	if t.corrected {
		return fail(failInvalid, "The model's answer was not of the agreed form, also after it was corrected once.", problem)
	}
	t.corrected = true
	text := fmt.Sprintf("Your answer is not of the agreed form: %s. Answer again, in that form and with nothing else.", problem)
	calls := m.calls()
	if len(calls) == 0 {
		t.req.Messages = append(t.req.Messages, say(text))
		return nil
	}
	reply := Message{Role: roleUser}
	for _, c := range calls {
		reply.Parts = append(reply.Parts, resultOf(c, map[string]any{keyError: text}))
	}
	t.req.Messages = append(t.req.Messages, reply)
	return nil
}

// Keys of a function's output, as Gemini advises.
const (
	keyOutput = "output"
	keyError  = "error"
)

func resultOf(c *Call, output map[string]any) Part {
	return Part{Result: &Result{ID: c.ID, Name: c.Name, Output: output}}
}

// callKey is equal for equal calls.
func callKey(c *Call) string {
	args, err := json.Marshal(c.Args) // sorts
	if err != nil {
		return c.Name
	}
	return c.Name + string(args)
}
