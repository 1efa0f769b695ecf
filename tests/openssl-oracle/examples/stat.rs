use wantls_openssl_oracle::{campaign::nth,model::*,ossl::*,runner};
fn main(){ let t=||std::time::Instant::now();
 let (mut a,mut b,mut c)=(0.,0.,0.);
 for i in 0..2000 { let x=t(); let s=nth(7,i); a+=x.elapsed().as_secs_f64();
 let x=t(); let _=runner::run(&s,&OpenSsl); b+=x.elapsed().as_secs_f64();
 let x=t(); let _=runner::run(&s,&ModelLibrary); c+=x.elapsed().as_secs_f64();}
 println!("gen {a} ossl {b} model {c}"); }
