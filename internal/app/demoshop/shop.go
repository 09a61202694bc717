package demoshop

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"yingda.dev/internal/desk"
)

// Address is how flows reach the shop: this program answers it itself, and no
// connection is made. Path is where people may look at it.
const (
	Address = "https://shop.demo.invalid/demo/api"
	Path    = "/demo/api/"
)

// maxKept bounds each kind of thing that the shop was told; beyond it the shop
// forgets everything of the kind.
const maxKept = 1000

// Shop answers. Build it with New.
type Shop struct {
	clock desk.Clock
	mux   *http.ServeMux

	mu        sync.Mutex
	returns   map[string]Return
	invoices  map[string]Invoice
	addresses map[string]string
	coupons   map[string]Coupon
	amends    map[string]Amends
}

// Order is one of the shop's.
type Order struct {
	No       string  `json:"no"`
	Title    string  `json:"title"`
	Amount   float64 `json:"amount"`
	Status   string  `json:"status"` // unpaid, packing, shipped, done
	PayBy    string  `json:"pay_before,omitempty"`
	ShipBy   string  `json:"ship_by,omitempty"`
	Carrier  string  `json:"carrier,omitempty"`
	Tracking string  `json:"tracking,omitempty"`
	Place    string  `json:"place,omitempty"`
	ETA      string  `json:"eta,omitempty"`
	DoneAt   string  `json:"done_at,omitempty"`
	Late     bool    `json:"late"`
	// Returnable tells whether it may still be sent back; Days how many days are left.
	Returnable bool   `json:"returnable"`
	Days       int    `json:"days_left"`
	Address    string `json:"address"`
}

// Return is a request to send something back.
type Return struct {
	No     string `json:"no"`
	Order  string `json:"order"`
	Reason string `json:"reason"`
	Status string `json:"status"`
	At     string `json:"at"`
	Pickup string `json:"pickup,omitempty"`
}

// Invoice is one that was asked for.
type Invoice struct {
	No    string `json:"no"`
	Order string `json:"order"`
	Title string `json:"title"`
	Email string `json:"email"`
}

// Coupon is a promise of a discount.
type Coupon struct {
	Code   string  `json:"code"`
	Amount float64 `json:"amount"`
	Until  string  `json:"until"`
}

// Amends is what a customer gets for trouble.
type Amends struct {
	No     string  `json:"no"`
	Order  string  `json:"order"`
	Amount float64 `json:"amount"`
	Code   string  `json:"code"`
}

// New builds a Shop.
func New(clock desk.Clock) *Shop {
	s := &Shop{
		clock: clock, mux: http.NewServeMux(), returns: map[string]Return{}, invoices: map[string]Invoice{},
		addresses: map[string]string{}, coupons: map[string]Coupon{}, amends: map[string]Amends{},
	}
	s.mux.HandleFunc("GET /demo/api/orders/{no}", s.order)
	s.mux.HandleFunc("GET /demo/api/orders/{no}/return", s.askedReturn)
	s.mux.HandleFunc("POST /demo/api/orders/{no}/return", s.askReturn)
	s.mux.HandleFunc("POST /demo/api/orders/{no}/invoice", s.askInvoice)
	s.mux.HandleFunc("PUT /demo/api/orders/{no}/address", s.moveOrder)
	s.mux.HandleFunc("POST /demo/api/orders/{no}/amends", s.makeAmends)
	s.mux.HandleFunc("POST /demo/api/coupons", s.giveCoupon)
	return s
}

// ServeHTTP answers.
func (s *Shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	s.mux.ServeHTTP(w, r)
}

// goods are what the demonstration's customers have bought. The last digits of
// an order's number choose one, and so its state.
var goods = []struct {
	title, titleEN string
	amount         float64
}{
	{"滚筒洗衣机 10 公斤", "Front-load washer, 10 kg", 2399},
	{"轻薄羽绒服 M 码", "Light down jacket, M", 499},
	{"智能电饭煲 4 升", "Smart rice cooker, 4 l", 329},
	{"降噪蓝牙耳机", "Noise-cancelling earphones", 399},
	{"全棉四件套", "Cotton bed set", 259},
	{"空气炸锅 5 升", "Air fryer, 5 l", 299},
	{"儿童保温杯", "Children's flask", 89},
	{"人体工学椅", "Ergonomic chair", 899},
}

// find makes the order of a number: DD and eight digits, of which the last two
// are 01 to 60. The last digit says how far it is.
func (s *Shop) find(r *http.Request) (Order, bool) {
	no := strings.ToUpper(r.PathValue("no"))
	digits, ok := strings.CutPrefix(no, "DD")
	if !ok || len(digits) != 8 || strings.Trim(digits, "0123456789") != "" {
		return Order{}, false
	}
	last := int(digits[6]-'0')*10 + int(digits[7]-'0')
	if last < 1 || last > 60 {
		return Order{}, false
	}
	g, now, english := goods[last%len(goods)], s.clock.Now().In(time.FixedZone("UTC+8", 8*3600)), strings.HasPrefix(r.Header.Get("Accept-Language"), "en")
	day := func(n int) string {
		if english {
			return now.AddDate(0, 0, n).Format("January 2")
		}
		return now.AddDate(0, 0, n).Format("1月2日")
	}
	word := func(zh, en string) string {
		if english {
			return en
		}
		return zh
	}
	o := Order{No: no, Title: word(g.title, g.titleEN), Amount: g.amount, Address: word("杭州市西湖区文三路 90 号", "90 Wensan Road, Hangzhou")}
	switch last % 10 {
	case 0:
		o.Status, o.PayBy = "unpaid", day(1)
	case 2, 5:
		o.Status, o.ShipBy = "packing", day(1)
	case 4, 6, 8:
		o.Status, o.DoneAt, o.Returnable, o.Days = "done", day(-2), true, 5
	case 9:
		o.Status, o.DoneAt = "done", day(-20)
	default:
		o.Status, o.Carrier, o.Tracking = "shipped", word("顺丰", "SF Express"), fmt.Sprintf("SF1234567%06d", 890000+last)
		o.Place, o.ETA, o.Returnable, o.Days = word("杭州转运中心", "the Hangzhou hub"), day(1), true, 7
		o.Late = last%10 == 3
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.addresses[no]; a != "" {
		o.Address = a
	}
	return o, true
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // who asked has gone
}

func refuse(w http.ResponseWriter, status int, code string) {
	answer(w, status, map[string]string{"error": code})
}

// read decodes a small body.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 16<<10)).Decode(into); err != nil {
		refuse(w, http.StatusBadRequest, "bad_body")
		return false
	}
	return true
}

// keep puts a thing on its pile.
func keep[T any](s *Shop, pile map[string]T, key string, v T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(pile) >= maxKept {
		clear(pile)
	}
	pile[key] = v
}

func look[T any](s *Shop, pile map[string]T, key string) (T, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := pile[key]
	return v, ok
}

func (s *Shop) order(w http.ResponseWriter, r *http.Request) {
	o, ok := s.find(r)
	if !ok {
		refuse(w, http.StatusNotFound, "no_order")
		return
	}
	answer(w, http.StatusOK, o)
}

func (s *Shop) askedReturn(w http.ResponseWriter, r *http.Request) {
	o, ok := s.find(r)
	v, asked := look(s, s.returns, o.No)
	if !ok || !asked {
		refuse(w, http.StatusNotFound, "no_return")
		return
	}
	answer(w, http.StatusOK, v)
}

func (s *Shop) askReturn(w http.ResponseWriter, r *http.Request) {
	o, ok := s.find(r)
	if !ok {
		refuse(w, http.StatusNotFound, "no_order")
		return
	}
	var in struct{ Reason, Pickup string }
	if !read(w, r, &in) {
		return
	}
	if v, asked := look(s, s.returns, o.No); asked {
		answer(w, http.StatusConflict, v)
		return
	}
	if !o.Returnable {
		refuse(w, http.StatusUnprocessableEntity, "too_late")
		return
	}
	v := Return{
		No: "TH" + strings.TrimPrefix(o.No, "DD"), Order: o.No, Reason: in.Reason, Status: "received", Pickup: in.Pickup,
		At: s.clock.Now().Format(time.DateOnly),
	}
	keep(s, s.returns, o.No, v)
	answer(w, http.StatusCreated, v)
}

func (s *Shop) askInvoice(w http.ResponseWriter, r *http.Request) {
	o, ok := s.find(r)
	if !ok {
		refuse(w, http.StatusNotFound, "no_order")
		return
	}
	var in struct {
		Title string `json:"title"`
		Email string `json:"email"`
	}
	if !read(w, r, &in) {
		return
	}
	if o.Status == "unpaid" {
		refuse(w, http.StatusConflict, "unpaid")
		return
	}
	v := Invoice{No: "FP" + strings.TrimPrefix(o.No, "DD"), Order: o.No, Title: in.Title, Email: in.Email}
	keep(s, s.invoices, o.No, v)
	answer(w, http.StatusCreated, v)
}

func (s *Shop) moveOrder(w http.ResponseWriter, r *http.Request) {
	o, ok := s.find(r)
	if !ok {
		refuse(w, http.StatusNotFound, "no_order")
		return
	}
	var in struct {
		Address string `json:"address"`
	}
	if !read(w, r, &in) {
		return
	}
	if o.Status != "unpaid" && o.Status != "packing" {
		refuse(w, http.StatusConflict, "on_its_way")
		return
	}
	keep(s, s.addresses, o.No, in.Address)
	o.Address = in.Address
	answer(w, http.StatusOK, o)
}

func (s *Shop) giveCoupon(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Phone string `json:"phone"`
	}
	if !read(w, r, &in) {
		return
	}
	if c, ok := look(s, s.coupons, in.Phone); ok {
		answer(w, http.StatusConflict, c)
		return
	}
	tail := in.Phone[max(0, len(in.Phone)-4):]
	c := Coupon{Code: "XIN" + tail, Amount: 20, Until: s.clock.Now().AddDate(0, 0, 30).Format(time.DateOnly)}
	keep(s, s.coupons, in.Phone, c)
	answer(w, http.StatusCreated, c)
}

func (s *Shop) makeAmends(w http.ResponseWriter, r *http.Request) {
	o, ok := s.find(r)
	if !ok {
		refuse(w, http.StatusNotFound, "no_order")
		return
	}
	if v, done := look(s, s.amends, o.No); done {
		answer(w, http.StatusConflict, v)
		return
	}
	amount := 10.0
	if o.Amount >= 500 {
		amount = 50
	}
	v := Amends{No: "BC" + strings.TrimPrefix(o.No, "DD"), Order: o.No, Amount: amount, Code: "SORRY" + o.No[len(o.No)-4:]}
	keep(s, s.amends, o.No, v)
	answer(w, http.StatusCreated, v)
}
