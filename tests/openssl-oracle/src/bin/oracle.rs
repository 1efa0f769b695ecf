//! tmp
fn main(){
 use wantls_openssl_oracle::{ossl::*,model::*,schedule::*,runner,trace};
 use proptest::strategy::{Strategy,ValueTree};
 let mut r = proptest::test_runner::TestRunner::deterministic();
 let st = schedules();
 let t=std::time::Instant::now(); let mut steps=0; let (mut a,mut b,mut c)=(0f64,0f64,0f64);
 let n: usize = std::env::args().nth(1).map_or(1000,|s|s.parse().unwrap());
 for i in 0..n {
  let t0=std::time::Instant::now();
  let mut tree = st.new_tree(&mut r).unwrap();
  let s = tree.current();
  a+=t0.elapsed().as_secs_f64(); let t0=std::time::Instant::now();
  let o = runner::run(&s,&OpenSsl);
  b+=t0.elapsed().as_secs_f64(); let t0=std::time::Instant::now();
  let m = runner::run(&s,&ModelLibrary);
  c+=t0.elapsed().as_secs_f64();
  steps+=s.steps.len();
  if trace::first_difference(&o,&m).is_some() {
    println!("schedule {i}");
    let fails=|s:&Schedule| trace::first_difference(&runner::run(s,&OpenSsl),&runner::run(s,&ModelLibrary)).is_some();
    let mut best=s; let mut budget=3000;
    if tree.simplify() { loop { budget-=1; if budget==0 {break}
      let s=tree.current();
      if fails(&s) { best=s; if !tree.simplify(){break} } else if !tree.complicate(){break} } }
    println!("{best}");
    println!("{}", trace::side_by_side(["openssl","model"],&runner::run(&best,&OpenSsl),&runner::run(&best,&ModelLibrary)));
    return;
  }
 }
 println!("{n} schedules {steps} steps {:?} gen {a:.2} ossl {b:.2} model {c:.2}", t.elapsed());
}
