//! `#[derive(Describe)]`: writes a `describe` method that names the type and its fields.

use proc_macro::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields, parse_macro_input};

#[proc_macro_derive(Describe)]
pub fn derive_describe(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let name = &input.ident;
    let fields: Vec<String> = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(named) => named
                .named
                .iter()
                .filter_map(|field| field.ident.as_ref())
                .map(ToString::to_string)
                .collect(),
            Fields::Unnamed(_) | Fields::Unit => Vec::new(),
        },
        Data::Enum(data) => data.variants.iter().map(|variant| variant.ident.to_string()).collect(),
        Data::Union(_) => Vec::new(),
    };
    quote! {
        impl #name {
            #[inline(never)]
            fn describe() -> (&'static str, &'static [&'static str]) {
                (stringify!(#name), &[#(#fields),*])
            }
        }
    }
    .into()
}
