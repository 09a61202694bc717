package workspace

import (
	"context"
	"errors"
	"fmt"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// Demo is the demonstration company.
type Demo struct {
	Account desk.Account
	Inbox   desk.Inbox
	// Administrator and Agent can log in with DemoPassword.
	Administrator, Agent desk.Agent
}

// What a person needs to look around.
const (
	DemoEmail      = "demo@yingda.dev"
	DemoAgentEmail = "lin@yingda.dev"
	DemoPassword   = "yingda-demo"
	DemoInboxKey   = "chk_demo"
)

// The teams of the demonstration. Complaints go to the last one, which is senior.
const (
	DemoSales      = "售前"
	DemoService    = "售后"
	DemoComplaints = "客诉专员"
)

// demoStage plays what customers and agents of the demonstration say through
// the same doors as everybody's. Keys make repeats harmless.
type demoStage interface {
	// Say is a customer's message; it returns the conversation it went to.
	Say(ctx context.Context, inbox desk.Inbox, customer DemoCustomer, key, text string) (desk.ConversationID, error)
	// Act is what an agent does.
	Act(ctx context.Context, agent desk.Agent, conversation desk.ConversationID, key string, act DemoAct) error
}

// DemoCustomer is a customer of the demonstration.
type DemoCustomer struct {
	// External is the customer's id at the shop.
	External string
	Profile  desk.Profile
}

// DemoAct is one thing an agent does; exactly one field is set.
type DemoAct struct {
	Reply, Note string
	// Label is the name of a label that the conversation gets; it is made at its first use.
	Label   string
	Claim   bool
	Resolve bool
}

// Values of the installation: which account the demonstration is, and that its
// conversations were played to the end.
const (
	demoAccount = "demo_account"
	demoSeeded  = "demo_seeded"
)

// SeedDemo makes the demonstration company with its people, inbox and a few
// conversations. What exists already is left as it is, so it may be called at
// each start.
func (s *Service) SeedDemo(ctx context.Context, stage demoStage) (Demo, error) {
	d, err := s.demoPeople(ctx)
	if err != nil {
		return Demo{}, err
	}
	if _, err := s.deps.Store.InstallationValue(ctx, demoSeeded); err == nil || !errors.Is(err, desk.NotFound) {
		return d, err
	}
	for i, scene := range demoScenes() {
		if err := s.play(ctx, stage, d, i, scene); err != nil {
			return Demo{}, err
		}
	}
	return d, s.deps.Store.Write(ctx, "", func(ctx context.Context, tx *store.Tx) error {
		return tx.PutInstallationValue(ctx, demoSeeded, string(d.Account.ID))
	})
}

// demoPeople finds or makes account, agents, teams and inbox, one by one, so
// that an interrupted start is completed by the next.
func (s *Service) demoPeople(ctx context.Context) (d Demo, err error) {
	if d.Account, err = s.demoCompany(ctx); err != nil {
		return d, err
	}
	if d.Administrator, err = s.demoAgent(ctx, d.Account.ID, "陈晨", DemoEmail, desk.Administrator); err != nil {
		return d, err
	}
	if d.Agent, err = s.demoAgent(ctx, d.Account.ID, "林小满", DemoAgentEmail, desk.Answerer); err != nil {
		return d, err
	}
	teams, err := s.Teams(ctx, d.Account.ID)
	if err != nil {
		return d, err
	}
	if len(teams) == 0 {
		both := []desk.AgentID{d.Administrator.ID, d.Agent.ID}
		for _, team := range []desk.Team{{Name: DemoSales, Members: both}, {Name: DemoService, Members: both}, {Name: DemoComplaints, Members: both[:1]}} {
			team.AccountID = d.Account.ID
			if _, err := s.SaveTeam(ctx, team); err != nil {
				return d, err
			}
		}
	}
	in, err := s.InboxByKey(ctx, DemoInboxKey)
	if err == nil {
		d.Inbox = in.Inbox
		return d, nil
	}
	if !errors.Is(err, desk.NotFound) {
		return d, err
	}
	d.Inbox, err = s.CreateInbox(ctx, d.Account.ID, NewInbox{
		Channel: "webchat", Name: "商城网页", Key: DemoInboxKey,
		Settings: demoWindow(),
	})
	return d, err
}

// demoWindow is the chat window of the demonstration, in both languages.
func demoWindow() desk.InboxSettings {
	greeting := "您好，欢迎光临应答优选商城！商品、订单、售后的问题都可以在这里问，我们马上为您解答。"
	return desk.InboxSettings{Greeting: greeting, Widget: desk.WidgetSettings{
		Texts: map[desk.Locale]desk.WidgetTexts{
			desk.Chinese: {Greeting: greeting},
			desk.English: {
				Title:    "Yingda Select",
				Greeting: "Welcome to Yingda Select. Ask us anything about products, orders and service; we answer right away.",
			},
		},
		QuickReplies: map[desk.Locale][]string{
			desk.Chinese: {"我的订单到哪了？", "洗衣机多久送到？", "怎么退货？", "有优惠券吗？"},
			desk.English: {"Where is my order?", "How long does delivery take?", "How do I return something?", "Any coupons?"},
		},
	}}
}

func (s *Service) demoCompany(ctx context.Context) (desk.Account, error) {
	id, err := s.deps.Store.InstallationValue(ctx, demoAccount)
	if err == nil {
		return s.deps.Store.Account(ctx, desk.AccountID(id))
	}
	if !errors.Is(err, desk.NotFound) {
		return desk.Account{}, err
	}
	a := desk.Account{ID: s.deps.IDs.Account(), Name: "应答优选商城", Locale: desk.Chinese, CreatedAt: s.deps.Clock.Now()}
	return a, s.deps.Store.Write(ctx, "", func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertAccount(ctx, a); err != nil {
			return err
		}
		return tx.PutInstallationValue(ctx, demoAccount, string(a.ID))
	})
}

func (s *Service) demoAgent(ctx context.Context, account desk.AccountID, name, email string, role desk.Role) (desk.Agent, error) {
	row, err := s.deps.Store.AgentByEmailHash(ctx, s.deps.Emails.HashEmail(email))
	switch {
	case err == nil && row.AccountID == account:
		return s.openAgent(ctx, row)
	case err == nil:
		return desk.Agent{}, desk.E(desk.Conflict, "seed demonstration", "another account has an agent with the demonstration's e-mail")
	case !errors.Is(err, desk.NotFound):
		return desk.Agent{}, err
	}
	return s.CreateAgent(ctx, account, NewAgent{Name: name, Email: email, Password: DemoPassword, Role: role, Locale: desk.Chinese})
}

func (s *Service) play(ctx context.Context, stage demoStage, d Demo, scene int, sc demoScene) error {
	var conversation desk.ConversationID
	for step, line := range sc.lines {
		key := fmt.Sprintf("demo-%d-%d", scene, step)
		if line.customer != "" {
			id, err := stage.Say(ctx, d.Inbox, sc.customer, key, line.customer)
			if err != nil {
				return err
			}
			conversation = id
			continue
		}
		agent := d.Agent
		if line.byAdministrator {
			agent = d.Administrator
		}
		if err := stage.Act(ctx, agent, conversation, key, line.act); err != nil {
			return err
		}
	}
	return nil
}

type demoScene struct {
	customer DemoCustomer
	lines    []demoLine
}

type demoLine struct {
	customer        string
	act             DemoAct
	byAdministrator bool
}

func demoScenes() []demoScene {
	says := func(text string) demoLine { return demoLine{customer: text} }
	lin := func(act DemoAct) demoLine { return demoLine{act: act} }
	chen := func(act DemoAct) demoLine { return demoLine{act: act, byAdministrator: true} }
	return []demoScene{
		{
			DemoCustomer{"demo-wang", desk.Profile{Name: "王芳", Email: "wangfang@example.com", Phone: "13800000001", Locale: desk.Chinese}},
			[]demoLine{
				says("你好，请问静语洗衣机 60 公分的柜子放得下吗？"),
				lin(DemoAct{Reply: "您好，机身宽 598 毫米，标准 60 公分的橱柜可以嵌入，背后请留 5 厘米走管。"}),
				says("深度也够的。送货的时候能顺便把旧的拆走吗？"),
				lin(DemoAct{Reply: "可以的，下单时勾选「以旧换新」，师傅送新机时免费拆走，能用的滚筒还抵 400 元。"}),
				says("太好了，谢谢，那我下单了。"),
				lin(DemoAct{Resolve: true}),
				lin(DemoAct{Label: "售前咨询"}),
			},
		},
		{
			DemoCustomer{"demo-li", desk.Profile{Name: "李建国", Phone: "13800000002", Locale: desk.Chinese}},
			[]demoLine{
				says("我的订单三天了还没有发货，单号 20261118003。"),
				lin(DemoAct{Reply: "您好，让您久等了，我马上帮您查一下物流。"}),
				lin(DemoAct{Note: "仓库说这批货今晚补到，明早第一批发。"}),
				says("麻烦快一点，孩子周末要用。"),
				lin(DemoAct{Label: "物流"}),
			},
		},
		{
			DemoCustomer{"demo-zhao", desk.Profile{Name: "赵敏", Email: "zhaomin@example.com", Locale: desk.Chinese}},
			[]demoLine{
				says("水壶收到了，但是壶盖有点漏水，可以退货吗？"),
				says("我可以拍照片给你们看。"),
				chen(DemoAct{Label: "退换货"}),
			},
		},
		{
			DemoCustomer{"demo-smith", desk.Profile{Name: "Emma Smith", Email: "emma@example.com", Locale: desk.English}},
			[]demoLine{
				says("Hi, do you ship to Singapore? How long does delivery take?"),
				chen(DemoAct{Reply: "Hello Emma, yes we do. Delivery to Singapore takes five to seven days, and shipping is free above 300 yuan."}),
				says("Great. Can I pay by card?"),
				chen(DemoAct{Label: "物流"}),
			},
		},
		{
			DemoCustomer{"demo-zhou", desk.Profile{Name: "周杰", Locale: desk.Chinese}},
			[]demoLine{
				says("发票可以开公司抬头吗？"),
				chen(DemoAct{Claim: true}),
				chen(DemoAct{Label: "发票"}),
			},
		},
	}
}
