package bench

import "fmt"

// phrases are what customers write; a message strings some of them together.
var phrases = [...]string{
	"你好，我上周买的滚筒洗衣机到现在还没有发货，", "请帮我看一下物流到哪里了，", "页面上说次日送装一体，",
	"可是安装师傅一直没有联系我，", "发票能不能开公司抬头，", "优惠券下单的时候没有自动抵扣，", "电热水壶的底座有一点松动，",
	"想问问能不能换一个新的，", "收货地址写错了需要修改，", "退款什么时候可以到账，", "客服电话一直占线打不通，", "麻烦尽快处理一下谢谢。",
}

// Text is the n-th message: about 300 bytes of Chinese, not two alike.
func Text(n int) string {
	s := fmt.Sprintf("订单 %08d：", n)
	for i := n; len(s) < 270; i += 5 {
		s += phrases[i%len(phrases)]
	}
	return s
}
