package incident

import "github.com/prodsentinel/prodsentinel/internal/signal"

// ErrorShare is how many requests of an entry operation had an error of one root signature, by windows of receipt
// (rules.ShareWindow), the oldest first; the last of them end at Until.
type ErrorShare struct {
	Service   string        `json:"service"` // of the entry
	Operation string        `json:"operation"`
	Signature string        `json:"signature"`
	Until     signal.Nanos  `json:"until,omitempty"` // time of receipt
	Windows   []ShareWindow `json:"windows,omitempty"`
}

// ShareWindow counts the requests that were received in one window.
type ShareWindow struct {
	Requests int `json:"requests"`
	Failing  int `json:"failing,omitempty"` // traces with the error
	Failed   int `json:"failed,omitempty"`  // those of them whose request failed
}

// Add counts more requests.
func (w *ShareWindow) Add(requests, failing, failed int64) {
	w.Requests += int(requests)
	w.Failing += int(failing)
	w.Failed += int(failed)
}

// Trimmed is the share without the windows before the first request.
func (s ErrorShare) Trimmed() ErrorShare {
	for len(s.Windows) > 0 && s.Windows[0].Requests == 0 {
		s.Windows = s.Windows[1:]
	}
	return s
}
