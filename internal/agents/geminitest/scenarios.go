package geminitest

import "sync/atomic"

// Replies is a script that gives one reply after the other, whatever is asked; the last for ever.
func Replies(replies ...Reply) Model {
	var n atomic.Int64
	return func(*Request) Reply { return replies[min(int(n.Add(1)), len(replies))-1] }
}

// Twisted is Scripted whose answers are changed before they leave: a good model gone wrong in one
// respect.
func Twisted(change func(*Answer)) Model {
	return func(r *Request) Reply {
		seen := read(r.Text())
		a := Answer{Claims: seen.timeline()}
		if r.MayCall(concludeFunction) {
			a = seen.conclusion()
		}
		change(&a)
		return answerTo(r, a)
	}
}

// FabricatedEvidence cites records that do not exist.
func FabricatedEvidence() Model {
	return Twisted(func(a *Answer) {
		for i := range a.Claims {
			a.Claims[i].Evidence = []string{"span:0123456789abcdef0123456789abcdef/0123456789abcdef", "log:0123456789abcdef0123456789abcdef"}
		}
	})
}

// WrongQuote quotes what no record says.
func WrongQuote() Model {
	return Twisted(func(a *Answer) {
		for i := range a.Claims {
			a.Claims[i].Quote = "out of memory: the process was killed"
		}
	})
}

// WrongNumber states a duration that no record has.
func WrongNumber() Model {
	return Twisted(func(a *Answer) {
		for i := range a.Claims {
			a.Claims[i].Number = &Number{Value: "31337.5", Unit: "s", Field: "duration"}
		}
	})
}

// Contradiction disagrees with the rules, with full confidence, on nothing but what they found too.
func Contradiction(component string) Model {
	return Twisted(func(a *Answer) {
		if a.Assessment != nil {
			a.Assessment = &Assessment{Stance: "disagrees", Confidence: 1, Component: component, Because: a.Assessment.Because}
		}
	})
}

// EndlessLoop looks for ever, at something new each time, and never concludes of its own will.
func EndlessLoop() Model {
	return func(r *Request) Reply {
		if r.MayCall("search_logs") && r.MayCall(concludeFunction) && len(r.Functions()) > 1 {
			return Call("search_logs", map[string]any{"query": "attempt", "service": string(rune('a' + r.Turn()%26))})
		}
		return answerTo(r, Answer{})
	}
}
