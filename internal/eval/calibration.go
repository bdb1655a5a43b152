package eval

import (
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// calibration compares how sure the engine was with how often it was right.
type calibration struct {
	N     int     `json:"n"`
	ECE   float64 `json:"ece"`
	Brier float64 `json:"brier"`
	AUROC float64 `json:"auroc"`
	Table []bin   `json:"table"`
	At09  struct {
		Precision float64 `json:"precision"`
		Share     float64 `json:"share"`
	} `json:"at_0.9"`
}

// bin are the answers of a stretch of confidence.
type bin struct {
	From  float64 `json:"from"`
	To    float64 `json:"to"`
	N     int     `json:"n"`
	Mean  float64 `json:"mean_confidence"`
	Right float64 `json:"right"`
}

// binEdges are where the bins begin; abstentions are in the first.
var binEdges = []float64{0, 0.5, 0.9}

func calibrationOf(list []scored) (c calibration) {
	c.N = len(list)
	var hits, misses []float64
	sure, sureRight := 0, 0
	for _, edge := range binEdges {
		c.Table = append(c.Table, bin{From: edge, To: 1})
	}
	for i := range c.Table[1:] {
		c.Table[i].To = binEdges[i+1]
	}
	for _, s := range list {
		p, right := float64(s.answer.confidence)/float64(incident.Certain), 0.0
		if s.service == 1 {
			right = 1
			hits = append(hits, p)
		} else {
			misses = append(misses, p)
		}
		c.Brier += (p - right) * (p - right) / float64(len(list))
		at := len(binEdges) - 1
		for at > 0 && p < binEdges[at] {
			at--
		}
		b := &c.Table[at]
		b.N++
		b.Mean += p
		b.Right += right
		if at == len(binEdges)-1 {
			sure++
			sureRight += int(right)
		}
	}
	for i := range c.Table {
		b := &c.Table[i]
		if b.N > 0 {
			b.Mean /= float64(b.N)
			b.Right /= float64(b.N)
			c.ECE += max(b.Mean-b.Right, b.Right-b.Mean) * float64(b.N) / float64(len(list))
		}
	}
	c.AUROC = auroc(hits, misses)
	if sure > 0 {
		c.At09.Precision = float64(sureRight) / float64(sure)
	}
	c.At09.Share = float64(sure) / float64(max(1, len(list)))
	return c
}

// auroc is how often a right answer is the surer one of a right and a wrong one; equals count half.
func auroc(hits, misses []float64) float64 {
	if len(hits)*len(misses) == 0 {
		return 0.5
	}
	slices.Sort(misses)
	sum := 0.0
	for _, h := range hits {
		below, _ := slices.BinarySearch(misses, h)
		upTo := below
		for upTo < len(misses) && misses[upTo] == h {
			upTo++
		}
		sum += float64(below) + float64(upTo-below)/2
	}
	return sum / float64(len(hits)*len(misses))
}
