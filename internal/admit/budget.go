package admit

import (
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Budget keeps account of the processor time that strangers cost. Each address may cost so much a
// minute, and each network twice that (an IPv6 /48 four times); what is over is a debt, which
// the following minutes pay off. All methods may be called from any goroutine.
type Budget struct {
	mu      sync.Mutex
	minute  time.Duration // what an address may cost in a minute; 0: all it likes
	started time.Time
	spent   *simplelru.LRU[netip.Prefix, account]
}

// account is what a network has cost until a time, less what it has paid off.
type account struct {
	cost  time.Duration
	until time.Duration // since the budget's start
}

// accounts is how many networks are remembered: 10 MB at the most. Of more the one that cost
// something longest ago is forgotten.
const accounts = 1 << 16

// NewBudget returns a budget of so much processor time a minute for an address.
func NewBudget(minute time.Duration) *Budget {
	spent, err := simplelru.NewLRU[netip.Prefix, account](accounts, nil)
	if err != nil {
		panic(err) // the size is not positive
	}
	return &Budget{minute: minute, started: time.Now(), spent: spent}
}

// SetMinute changes what an address may cost in a minute.
func (b *Budget) SetMinute(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.minute = d
}

// Charge puts a cost on a party's account. Only strangers have one.
func (b *Budget) Charge(who Party, cost time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.minute <= 0 {
		return
	}
	now := time.Since(b.started)
	levels, n := perMinute.levels(who)
	for _, l := range levels[:n] {
		b.spent.Add(l.network, account{b.owed(l, now) + cost, now})
	}
}

// Debt returns how many budgets a party's address or networks have used up, the worst of them:
// within its budget a party is below 1.
func (b *Budget) Debt(who Party) float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.minute <= 0 {
		return 0
	}
	now, worst := time.Since(b.started), 0.0
	levels, n := perMinute.levels(who)
	for _, l := range levels[:n] {
		worst = max(worst, float64(b.owed(l, now))/float64(b.minute*time.Duration(l.most)))
	}
	return worst
}

// perMinute is the budget of a level, in those of an address.
var perMinute = Shares{Network: 2, Address: 1}

// owed returns what a network has on its account now.
func (b *Budget) owed(l level, now time.Duration) time.Duration {
	a, ok := b.spent.Peek(l.network)
	if !ok {
		return 0
	}
	paid := time.Duration(float64(b.minute) * float64(l.most) * (now - a.until).Minutes())
	return max(0, a.cost-paid)
}
